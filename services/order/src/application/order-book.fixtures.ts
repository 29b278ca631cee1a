import type { Clock, Sealed, Transactions } from '@ashlar/domain';
import { type Address, Order, type OrderState } from '../domain/entities/order.entity.ts';
import type { OrderEvent } from '../domain/events/order.events.ts';
import type { OrderRepository } from '../domain/repositories/order.repository.interface.ts';
import type { CheckoutProcess } from './ports/checkout-process.interface.ts';
import type { OrderReads } from './ports/order-reads.interface.ts';
import type { OrderView } from './ports/order-views.interface.ts';
import type { PersonalData } from './ports/personal-data.interface.ts';
import type { Product, ProductCatalog } from './ports/product-catalog.interface.ts';

export const noon = new Date('2026-01-01T12:00:00Z');
export const usd = (amount: number) => ({ amount, currency: 'USD' });
export const home = { name: 'Ada', line1: '1 Lane', city: 'Freiburg', postalCode: '79098', country: 'DE' };
/** Nobody in these tests looks inside. */
export const sealed = (of: string, value: Address, as = 'shippingAddress'): Sealed => ({
  of,
  as,
  sealed: JSON.stringify(value),
});

export const cup: Product = { id: 'cup', name: 'Cup', price: usd(500), archived: false, version: 1 };

/** Orders in memory, with what they have told others, their catalogue, and a checkout that answers as it is told. */
export class OrderBook implements Transactions {
  #orders = new Map<string, OrderState>();
  #events: OrderEvent[] = [];
  #ids = 0;
  readonly products = new Map<string, Product>();
  /** Ids of the orders whose checkout has begun. */
  readonly begun: string[] = [];
  /** What shipping is told of where they go. */
  readonly carriage: (Sealed | undefined)[] = [];
  readonly clock: Clock = { now: () => noon };
  readonly ids = { next: () => `o${++this.#ids}` };
  cancelAnswer: Awaited<ReturnType<CheckoutProcess['cancel']>> = 'cancelled';
  /** What the checkout does to the order before it answers. */
  onCancel: (orderId: string) => Promise<void> = async () => {};
  failure: Error | undefined;

  constructor(...products: readonly Product[]) {
    for (const product of products) this.products.set(product.id, product);
  }

  /** All or nothing, like the database. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const [orders, events] = [new Map(this.#orders), [...this.#events]];
    try {
      return await work();
    } catch (error) {
      this.#orders = orders;
      this.#events = events;
      throw error;
    }
  }

  readonly orders: OrderRepository = {
    find: async (id) => {
      const state = this.#orders.get(id);
      return state && Order.restore(state);
    },
    prefetch: async () => {},
    list: async ({ userId, status, before = '~', limit }) => {
      const own = [...this.#orders.values()].filter((order) => order.userId === userId && order.id < before);
      const wanted = own.filter((order) => status === undefined || order.status === status);
      return wanted
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map((state) => Order.restore(state));
    },
    save: async (order) => {
      const { state } = order;
      this.#orders.set(state.id, { ...state, version: state.version + 1 });
      this.#events.push(...order.takeEvents());
    },
  };

  readonly reads: OrderReads = {
    find: async (id) => {
      const order = await this.orders.find(id);
      return order && viewOf(order);
    },
    list: async (filter) => (await this.orders.list(filter)).map(viewOf),
  };

  /** Ids of the users who have left. */
  readonly gone = new Set<string>();
  /** With what shipping wants to have the addresses of its customers sealed. */
  readonly shippingKeys = new Map<string, string>();
  readonly personalData: PersonalData = {
    seal: async (userId, address) => {
      if (this.gone.has(userId)) return undefined;
      const key = this.shippingKeys.get(userId);
      return { kept: sealed(userId, address), ...(key && { carriage: sealed(userId, address, key) }) };
    },
    open: async (addresses) =>
      addresses.map((one) => (this.gone.has(one.of) ? undefined : (JSON.parse(one.sealed) as Address))),
    sealWith: async (userId, publicKey) => void this.shippingKeys.set(userId, publicKey),
    erase: async (userId) => void this.gone.add(userId),
  };

  readonly catalogue: ProductCatalog = {
    find: async (ids) => new Map(ids.flatMap((id) => [...this.products].filter(([known]) => known === id))),
    put: async (product) => void this.products.set(product.id, product),
  };

  readonly checkout: CheckoutProcess = {
    begin: async ({ id }, carriage) => {
      if (this.failure) throw this.failure;
      this.begun.push(id);
      this.carriage.push(carriage);
    },
    cancel: async (orderId) => {
      await this.onCancel(orderId);
      return this.cancelAnswer;
    },
  };

  /** Puts an order of the user `u1` into the book. */
  async add(id: string, change: Partial<OrderState> = {}): Promise<void> {
    const item = { productId: 'cup', name: 'Cup', quantity: 1, unitPrice: usd(500) };
    const draft = {
      id,
      userId: 'u1',
      currency: 'USD',
      items: [item],
      shippingAddress: sealed('u1', home),
      saga: 'orchestration',
    } as const;
    const { state } = Order.place(draft, noon);
    await this.orders.save(Order.restore({ ...state, ...change }));
  }

  state(id: string): OrderState | undefined {
    return this.#orders.get(id);
  }

  get events(): readonly OrderEvent[] {
    return this.#events;
  }
}

const viewOf = ({ state }: Order): OrderView => ({ version: state.version, order: state });
