import type { Outbox } from '@ashlar/messaging';
import { SagaRuntime } from '@ashlar/saga';
import { MemorySagaStore, MemoryStates, type SimulatedDefinition, type SimulatedPlatform } from '@ashlar/simulation';
import type { OrderApplication } from '../application/order.application.ts';
import type { PersonalData } from '../application/ports/personal-data.interface.ts';
import type { Product, ProductCatalog } from '../application/ports/product-catalog.interface.ts';
import { checkoutHandlers } from '../application/sagas/checkout.handlers.ts';
import { type Checkout, checkout } from '../application/sagas/checkout.saga.ts';
import { checkoutChoreography } from '../application/sagas/checkout-choreography.saga.ts';
import { Order, type OrderState } from '../domain/entities/order.entity.ts';
import type { OrderFilter, OrderRepository } from '../domain/repositories/order.repository.interface.ts';
import { SagaCheckoutProcess } from '../infrastructure/processes/checkout-process.impl.ts';
import { InProcessOrderChanges } from '../infrastructure/processes/order-changes.impl.ts';
import { toMessage } from '../infrastructure/repositories/order.message-mapper.ts';
import { createOrderService, type OrderAdapters, type OrderSettings } from './composition-root.ts';

export type { OrderApplication };

export const ORDERS = 'orders';
export type StoredOrder = Omit<OrderState, 'id' | 'version'>;

class MemoryOrderRepository implements OrderRepository {
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

  async list({ userId, status, before = '~', limit }: OrderFilter): Promise<Order[]> {
    const { work, stored } = this.platform;
    return work.read('lists orders', () =>
      [...stored.table<StoredOrder>(ORDERS).values()]
        .filter(({ id, state }) => state.userId === userId && id < before && (!status || state.status === status))
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(({ id, version, state }) => Order.restore({ ...state, id, version })),
    );
  }

  async save(order: Order): Promise<void> {
    const { id, version, ...state } = order.state;
    const events = order.takeEvents();
    await this.platform.work.transaction(async () => {
      await this.#orders.save({ id, version, state });
      await this.outbox.add(events.map(toMessage));
    });
  }
}

/** The newest version of each product that it has heard of. */
class MemoryProductCatalog implements ProductCatalog {
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

/** Who has left. */
class MemoryPersonalData implements PersonalData {
  readonly #gone: MemoryStates<object>;

  constructor({ work, stored }: SimulatedPlatform) {
    this.#gone = new MemoryStates(work, stored.table<object>('gone users'), { name: 'Who has left' });
  }

  async forget(): Promise<void> {}

  async leave(userId: string): Promise<void> {
    if (!(await this.hasLeft(userId))) await this.#gone.save({ id: userId, version: 0, state: {} });
  }

  async hasLeft(userId: string): Promise<boolean> {
    return (await this.#gone.find(userId)) !== undefined;
  }
}

function adaptersOf(platform: SimulatedPlatform, { saga, stepTimeoutMs }: OrderSettings): OrderAdapters {
  const { work, outbox, clock, ids, timers, stored, world } = platform;
  const definitions =
    saga === 'orchestration'
      ? ([checkout, checkoutChoreography] as const)
      : ([checkoutChoreography, checkout] as const);
  return {
    transactions: work,
    orders: new MemoryOrderRepository(platform, outbox),
    products: new MemoryProductCatalog(platform),
    changes: new InProcessOrderChanges(timers),
    personalData: new MemoryPersonalData(platform),
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
    projection: (name, subscriptions) => ({ name, subscriptions }),
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
