import type { Freshness } from '@ashlar/domain';
import { ProductError } from '../../domain/errors/product.errors.ts';
import type { ProductFilter } from '../../domain/repositories/product.repository.interface.ts';
import type { ListedProductDTO } from '../dtos/product.dto.ts';
import type { ProductMapper } from '../mappers/product.mapper.ts';
import type { ProductReads } from '../ports/product-reads.interface.ts';

export class ListProductsUseCase {
  constructor(
    private readonly products: ProductReads,
    private readonly mapper: ProductMapper,
  ) {}

  async execute(
    filter: ProductFilter,
    { viewer, freshness }: { readonly viewer: { readonly role: string } | undefined; readonly freshness: Freshness },
  ): Promise<ListedProductDTO[]> {
    if (filter.status === 'archived' && viewer?.role !== 'admin') throw ProductError.archiveIsForAdmins(viewer);
    const listed = await this.products.list(filter, freshness);
    return listed.map(({ product, position }) => ({ product: this.mapper.toResponseDTO(product), position }));
  }
}
