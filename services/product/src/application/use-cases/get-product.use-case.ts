import type { Freshness } from '@ashlar/domain';
import { ProductError } from '../../domain/errors/product.errors.ts';
import type { ProductResponseDTO } from '../dtos/product.dto.ts';
import type { ProductMapper } from '../mappers/product.mapper.ts';
import type { ProductReads } from '../ports/product-reads.interface.ts';

/** Also for an archived one: old orders name it. */
export class GetProductUseCase {
  constructor(
    private readonly products: ProductReads,
    private readonly mapper: ProductMapper,
  ) {}

  async execute(id: string, freshness: Freshness = 'newest'): Promise<ProductResponseDTO> {
    const product = await this.products.find(id, freshness);
    if (!product) throw ProductError.notFound(id);
    return this.mapper.toResponseDTO(product);
  }
}
