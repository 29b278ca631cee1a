import { MemoryStates, type SimulatedDefinition, type SimulatedPlatform } from '@ashlar/simulation';
import type { ProductApplication } from '../application/product.application.ts';
import { Product, type ProductState } from '../domain/entities/product.entity.ts';
import type {
  ListedProduct,
  ProductFilter,
  ProductRepository,
} from '../domain/repositories/product.repository.interface.ts';
import { toMessage } from '../infrastructure/repositories/product.message-mapper.ts';
import { createProductService } from './composition-root.ts';

export type { ProductApplication };

type StoredProduct = Omit<ProductState, 'id' | 'version'>;

const PRODUCTS = 'products';

class MemoryProductRepository implements ProductRepository {
  readonly #products: MemoryStates<StoredProduct>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#products = new MemoryStates(work, stored.table<StoredProduct>(PRODUCTS), { name: 'The product' });
  }

  async find(id: string): Promise<Product | undefined> {
    const stored = await this.#products.find(id);
    return stored && Product.restore({ ...stored.state, id, version: stored.version });
  }

  async isTaken(sku: string): Promise<boolean> {
    const { work, stored } = this.platform;
    const all = stored.table<StoredProduct>(PRODUCTS);
    return work.read('looks for a SKU', () => [...all.values()].some(({ state }) => state.sku === sku));
  }

  /** Newest first; nobody searches here. */
  async list({ status, limit }: ProductFilter): Promise<ListedProduct[]> {
    const all = [...this.platform.stored.table<StoredProduct>(PRODUCTS).values()];
    return all
      .filter(({ state }) => state.status === status)
      .sort((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, limit)
      .map(({ id, version, state }) => ({ product: Product.restore({ ...state, id, version }), position: { id } }));
  }

  async save(product: Product): Promise<void> {
    const events = product.takeEvents();
    if (events.length === 0) return;
    const { id, version, ...state } = product.state;
    await this.platform.work.transaction(async () => {
      await this.#products.save({ id, version: version - 1, state });
      await this.platform.outbox.add(events.map(toMessage));
    });
  }
}

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedProductService = (): SimulatedDefinition<ProductApplication> => ({
  name: 'product',
  create: (platform) => {
    const { work, clock, ids } = platform;
    const { application, consumers } = createProductService(
      {
        transactions: work,
        products: new MemoryProductRepository(platform),
        seeds: { claim: async () => false },
        clock,
        ids,
      },
      { seed: 'none' },
    );
    return { app: application, consumers };
  },
});
