import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { Product, type ProductDraft } from '../../domain/entities/product.entity.ts';
import { ProductError } from '../../domain/errors/product.errors.ts';
import type { ProductRepository } from '../../domain/repositories/product.repository.interface.ts';
import type { ProductResponseDTO } from '../dtos/product.dto.ts';
import type { ProductMapper } from '../mappers/product.mapper.ts';

/** Two at the same moment with one SKU are told apart by its unique index. */
export class CreateProductUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: ProductRepository,
    private readonly mapper: ProductMapper,
    private readonly world: { readonly clock: Clock; readonly ids: Ids },
  ) {}

  async execute(draft: Omit<ProductDraft, 'id'>): Promise<ProductResponseDTO> {
    const { clock, ids } = this.world;
    return this.transactions.transaction(async () => {
      if (await this.products.isTaken(draft.sku)) throw ProductError.skuTaken();
      const product = Product.create({ ...draft, id: ids.next() }, clock.now());
      await this.products.save(product);
      return this.mapper.toResponseDTO(product);
    });
  }
}
