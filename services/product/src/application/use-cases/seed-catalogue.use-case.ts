import type { Clock, Transactions } from '@ashlar/domain';
import { Product, type ProductDraft } from '../../domain/entities/product.entity.ts';
import type { ProductRepository } from '../../domain/repositories/product.repository.interface.ts';
import type { SeedLog } from '../ports/seed-log.interface.ts';

export interface Catalogue {
  readonly name: string;
  readonly products: readonly ProductDraft[];
}

/** Fills the shop for a start: once, and never again, whatever becomes of the products. */
export class SeedCatalogueUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: ProductRepository,
    private readonly seeds: SeedLog,
    private readonly clock: Clock,
  ) {}

  async execute({ name, products }: Catalogue): Promise<void> {
    await this.transactions.transaction(async () => {
      if (!(await this.seeds.claim(name))) return;
      for (const draft of products) {
        if (await this.products.isTaken(draft.sku)) continue;
        await this.products.save(Product.create(draft, this.clock.now()));
      }
    });
  }
}
