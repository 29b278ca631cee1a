import { ProductError } from '../../domain/errors/product.errors.ts';
import type { ProductFilter, ProductRepository } from '../../domain/repositories/product.repository.interface.ts';
import type { ListedProductDTO } from '../dtos/product.dto.ts';
import type { ProductMapper } from '../mappers/product.mapper.ts';

export class ListProductsUseCase {
  constructor(
    private readonly products: ProductRepository,
    private readonly mapper: ProductMapper,
  ) {}

  async execute(filter: ProductFilter, viewer: { readonly role: string } | undefined): Promise<ListedProductDTO[]> {
    if (filter.status === 'archived' && viewer?.role !== 'admin') throw ProductError.archiveIsForAdmins();
    const listed = await this.products.list(filter);
    return listed.map(({ product, position }) => ({ product: this.mapper.toResponseDTO(product), position }));
  }
}
