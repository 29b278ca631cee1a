import { MemoryStates, type SimulatedDefinition, type SimulatedPlatform, unique } from '@ashlar/simulation';
import type { ProductApplication } from '../application/product.application.ts';
import { Product, type ProductState } from '../domain/entities/product.entity.ts';
import type {
  ListedProduct,
  ProductFilter,
  ProductRepository,
} from '../domain/repositories/product.repository.interface.ts';
import { toMessage } from '../infrastructure/repositories/product.message-mapper.ts';
import { OutboxRestatements } from '../infrastructure/restatements/restatements.impl.ts';
import { createProductService } from './composition-root.ts';

export type { ProductApplication };

type StoredProduct = Omit<ProductState, 'id' | 'version'>;

const PRODUCTS = 'products';

export class MemoryProductRepository implements ProductRepository {
  readonly #products: MemoryStates<StoredProduct>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#products = new MemoryStates(work, stored.table<StoredProduct>(PRODUCTS), {
      name: 'The product',
      constraints: [unique<StoredProduct>('products_sku', ({ state }) => state.sku)],
      revive: ({ createdAt, updatedAt, ...state }) => ({
        ...state,
        createdAt: new Date(createdAt),
        updatedAt: new Date(updatedAt),
      }),
    });
  }

  async find(id: string): Promise<Product | undefined> {
    const stored = await this.#products.find(id);
    return stored && Product.restore({ ...stored.state, id, version: stored.version });
  }

  async isTaken(sku: string): Promise<boolean> {
    return (await this.#products.select('looks for a SKU', ({ state }) => state.sku === sku)).length > 0;
  }

  /** Newest first; nobody searches here. */
  async list({ search, status, category, limit, after }: ProductFilter): Promise<ListedProduct[]> {
    if (search !== undefined) throw new Error('There is no search on memory.');
    const found = await this.#products.select(
      'lists products',
      ({ id, state }) =>
        state.status === status && (!category || state.category === category) && (!after || id < after.id),
    );
    const page = found.reverse().slice(0, limit);
    return page.map(({ id, version, state }) => ({
      product: Product.restore({ ...state, id, version }),
      position: { id },
    }));
  }

  async portion(after: string, limit: number): Promise<Product[]> {
    const { work, stored } = this.platform;
    return work.read('reads products', () =>
      [...stored.table<StoredProduct>(PRODUCTS).values()]
        .filter(({ id }) => id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id, version, state }) => Product.restore({ ...state, id, version })),
    );
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
    const { work, outbox, clock, ids } = platform;
    const products = new MemoryProductRepository(platform);
    const { application, consumers } = createProductService(
      {
        transactions: work,
        products,
        reads: products,
        readSide: { breakers: () => [], start: async () => {}, stop: async () => {} },
        seeds: { claim: async () => false },
        restatements: new OutboxRestatements(outbox),
        clock,
        ids,
      },
      { seed: 'none' },
    );
    return { app: application, consumers };
  },
});
