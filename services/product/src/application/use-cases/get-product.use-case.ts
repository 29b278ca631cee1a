import { ProductError } from '../../domain/errors/product.errors.ts';
import type { ProductRepository } from '../../domain/repositories/product.repository.interface.ts';
import type { ProductResponseDTO } from '../dtos/product.dto.ts';
import type { ProductMapper } from '../mappers/product.mapper.ts';

/** Also for an archived one: old orders name it. */
export class GetProductUseCase {
  constructor(
    private readonly products: ProductRepository,
    private readonly mapper: ProductMapper,
  ) {}

  async execute(id: string): Promise<ProductResponseDTO> {
    const product = await this.products.find(id);
    if (!product) throw ProductError.notFound(id);
    return this.mapper.toResponseDTO(product);
  }
}
