import type { Outbox } from '@ashlar/messaging';
import { SagaRuntime } from '@ashlar/saga';
import {
  MemorySagaStore,
  MemoryStates,
  type SimulatedDefinition,
  type SimulatedPlatform,
  simulatedVault,
} from '@ashlar/simulation';
import type { OrderApplication } from '../application/order.application.ts';
import type { OrderView, OrderViews } from '../application/ports/order-views.interface.ts';
import type { Product, ProductCatalog } from '../application/ports/product-catalog.interface.ts';
import { checkoutHandlers } from '../application/sagas/checkout.handlers.ts';
import { type Checkout, checkout } from '../application/sagas/checkout.saga.ts';
import { checkoutChoreography } from '../application/sagas/checkout-choreography.saga.ts';
import { Order, type OrderState } from '../domain/entities/order.entity.ts';
import type { OrderFilter, OrderRepository } from '../domain/repositories/order.repository.interface.ts';
import { VaultPersonalData } from '../infrastructure/personal-data/personal-data.impl.ts';
import type { ShippingKeys } from '../infrastructure/personal-data/shipping-keys.interface.ts';
import { SagaCheckoutProcess } from '../infrastructure/processes/checkout-process.impl.ts';
import { ToldOrderChanges } from '../infrastructure/processes/order-changes.impl.ts';
import { toChange, toMessage } from '../infrastructure/repositories/order.message-mapper.ts';
import { createOrderService, type OrderAdapters, type OrderSettings } from './composition-root.ts';

export type { OrderApplication };

export const ORDERS = 'orders';
export const VIEWS = 'order views';
export type StoredView = OrderView;
export type StoredOrder = Omit<OrderState, 'id' | 'version'>;

export class MemoryOrderRepository implements OrderRepository {
  readonly #orders: MemoryStates<StoredOrder>;

  constructor(
    private readonly platform: SimulatedPlatform,
    private readonly outbox: Outbox,
  ) {
    this.#orders = new MemoryStates(platform.work, platform.stored.table<StoredOrder>(ORDERS), { name: 'The order' });
  }

  async find(id: string): Promise<Order | undefined> {
    const stored = await this.#orders.find(id);
    return stored && Order.restore({ ...stored.state, id, version: stored.version });
  }

  async prefetch(ids: readonly string[]): Promise<void> {
    await this.#orders.findMany(ids);
  }

  async list({ userId, status, before, limit }: OrderFilter): Promise<Order[]> {
    const found = await this.#orders.select(
      'lists orders',
      ({ id, state }) =>
        state.userId === userId && (!status || state.status === status) && (before === undefined || id < before),
    );
    const page = found.reverse().slice(0, limit);
    return page.map(({ id, version, state }) => Order.restore({ ...state, id, version }));
  }

  async save(order: Order): Promise<void> {
    const { id, version, ...state } = order.state;
    const events = order.takeEvents();
    await this.platform.work.transaction(async () => {
      const saved = await this.#orders.save({ id, version, state });
      await this.outbox.add([...events.map(toMessage), toChange(order.state, saved)]);
    });
  }
}

/** The newest version of each product that it has heard of. */
export class MemoryProductCatalog implements ProductCatalog {
  readonly #products: MemoryStates<Product>;

  constructor({ work, stored }: SimulatedPlatform) {
    this.#products = new MemoryStates(work, stored.table<Product>('catalogue'), { name: 'The catalogue' });
  }

  async find(ids: readonly string[]): Promise<ReadonlyMap<string, Product>> {
    return new Map([...(await this.#products.findMany(ids))].map(([id, { state }]) => [id, state]));
  }

  async put(product: Product): Promise<void> {
    const known = await this.#products.find(product.id);
    if (known && known.state.version >= product.version) return;
    await this.#products.save({ id: product.id, version: known?.version ?? 0, state: product });
  }
}

/** The newest version of each order that it has heard of. */
export class MemoryOrderViews implements OrderViews {
  readonly #views: MemoryStates<OrderView>;

  constructor({ work, stored }: SimulatedPlatform) {
    this.#views = new MemoryStates(work, stored.table<OrderView>(VIEWS), { name: 'The view of the order' });
  }

  async find(id: string): Promise<OrderView | undefined> {
    return (await this.#views.find(id))?.state;
  }

  async list({ userId, status, before, limit }: OrderFilter): Promise<OrderView[]> {
    const found = await this.#views.select(
      'lists views',
      ({ id, state: { order } }) =>
        order.userId === userId && (!status || order.status === status) && (before === undefined || id < before),
    );
    return found
      .reverse()
      .slice(0, limit)
      .map(({ state }) => state);
  }

  async put(view: OrderView): Promise<void> {
    const { id } = view.order;
    const known = await this.#views.find(id);
    if (known && known.state.version >= view.version) return;
    await this.#views.save({ id, version: known?.version ?? 0, state: view });
  }
}

class MemoryShippingKeys implements ShippingKeys {
  readonly #keys: MemoryStates<{ readonly publicKey: string }>;

  constructor({ work, stored }: SimulatedPlatform) {
    this.#keys = new MemoryStates(work, stored.table('shipping keys'), { name: 'The shipping key' });
  }

  async find(userId: string): Promise<string | undefined> {
    return (await this.#keys.find(userId))?.state.publicKey;
  }

  async put(userId: string, publicKey: string): Promise<void> {
    const known = await this.#keys.find(userId);
    if (known?.state.publicKey === publicKey) return;
    await this.#keys.save({ id: userId, version: known?.version ?? 0, state: { publicKey } });
  }

  async forget(userId: string): Promise<void> {
    await this.#keys.remove('forgets a shipping key', ({ id }) => id === userId);
  }
}

function adaptersOf(platform: SimulatedPlatform, { saga, stepTimeoutMs }: OrderSettings): OrderAdapters {
  const { work, outbox, clock, ids, timers, stored, world } = platform;
  const definitions =
    saga === 'orchestration'
      ? ([checkout, checkoutChoreography] as const)
      : ([checkoutChoreography, checkout] as const);
  const views = new MemoryOrderViews(platform);
  const vault = simulatedVault(platform);
  return {
    transactions: work,
    orders: new MemoryOrderRepository(platform, outbox),
    products: new MemoryProductCatalog(platform),
    changes: new ToldOrderChanges(timers),
    personalData: new VaultPersonalData(vault, new MemoryShippingKeys(platform)),
    vault,
    start: async () => {},
    stop: async () => {},
    clock,
    ids,
    sagas: (advanceOrder) =>
      new SagaRuntime<Checkout>({
        work,
        store: new MemorySagaStore(work, stored.sagas, checkout.name),
        outbox,
        clock,
        ids,
        definitions,
        handlers: checkoutHandlers(advanceOrder),
        timeoutMs: stepTimeoutMs,
        timers,
        onError: (error) => world.note(`a deadline fails: ${String(error)}`),
      }),
    checkout: (runtime) => new SagaCheckoutProcess(runtime),
    catalogue: (subscriptions) => ({ name: 'order.catalogue', subscriptions }),
    projections: [],
    readSide: {
      views,
      reads: views,
      consumer: (subscriptions) => ({ name: 'order.orders', subscriptions }),
      breakers: () => [],
    },
  };
}

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedOrderService = (settings: OrderSettings): SimulatedDefinition<OrderApplication> => ({
  name: 'order',
  create: (platform) => {
    const { application, consumers, sagas } = createOrderService(adaptersOf(platform, settings), settings);
    return { app: application, consumers, ...(sagas && { sagas }) };
  },
});
