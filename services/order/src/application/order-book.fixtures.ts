import type { Clock, Transactions } from '@ashlar/domain';
import { Order, type OrderState } from '../domain/entities/order.entity.ts';
import type { OrderEvent } from '../domain/events/order.events.ts';
import type { OrderRepository } from '../domain/repositories/order.repository.interface.ts';
import type { CheckoutProcess } from './ports/checkout-process.interface.ts';
import type { PersonalData } from './ports/personal-data.interface.ts';
import type { Product, ProductCatalog } from './ports/product-catalog.interface.ts';

export const noon = new Date('2026-01-01T12:00:00Z');
export const usd = (amount: number) => ({ amount, currency: 'USD' });
export const home = { name: 'Ada', line1: '1 Lane', city: 'Freiburg', postalCode: '79098', country: 'DE' };
export const cup: Product = { id: 'cup', name: 'Cup', price: usd(500), archived: false, version: 1 };

/** Orders in memory, with what they have told others, their catalogue, and a checkout that answers as it is told. */
export class OrderBook implements Transactions {
  #orders = new Map<string, OrderState>();
  #events: OrderEvent[] = [];
  #ids = 0;
  readonly products = new Map<string, Product>();
  /** Ids of the orders whose checkout has begun. */
  readonly begun: string[] = [];
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

  /** Ids of the users who have left. */
  readonly gone = new Set<string>();
  /** Orders of which everything besides was forgotten. */
  readonly forgotten: string[] = [];
  readonly personalData: PersonalData = {
    forget: async (_userId, orderIds) => void this.forgotten.push(...orderIds),
    leave: async (userId) => void this.gone.add(userId),
    hasLeft: async (userId) => this.gone.has(userId),
  };

  readonly catalogue: ProductCatalog = {
    find: async (ids) => new Map(ids.flatMap((id) => [...this.products].filter(([known]) => known === id))),
    put: async (product) => void this.products.set(product.id, product),
  };

  readonly checkout: CheckoutProcess = {
    begin: async ({ id }) => {
      if (this.failure) throw this.failure;
      this.begun.push(id);
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
      shippingAddress: home,
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
