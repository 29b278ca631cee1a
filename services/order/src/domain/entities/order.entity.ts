import { type Money, type Sealed, sum, times } from '@ashlar/domain';
import { OrderError } from '../errors/order.errors.ts';
import type { OrderEvent } from '../events/order.events.ts';

export type OrderStatus = 'pending' | 'confirmed' | 'rejected' | 'cancelled' | 'shipped' | 'delivered';

export type SagaStyle = 'orchestration' | 'choreography';

const NEXT: Record<OrderStatus, readonly OrderStatus[]> = {
  pending: ['confirmed', 'rejected', 'cancelled'],
  confirmed: ['shipped'],
  shipped: ['delivered'],
  delivered: [],
  rejected: [],
  cancelled: [],
};

export interface OrderItem {
  readonly productId: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: Money;
}

/** Where a parcel goes: known where the customer gives it, and where somebody who may has it opened. */
export interface Address {
  readonly name: string;
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

export interface TimelineEntry {
  readonly at: string;
  readonly type: string;
  readonly detail?: string;
}

export interface OrderDraft {
  readonly id: string;
  readonly userId: string;
  readonly currency: string;
  readonly items: readonly OrderItem[];
  /** Sealed with the customer's key. */
  readonly shippingAddress?: Sealed;
  readonly saga: SagaStyle;
}

export interface OrderState extends OrderDraft {
  readonly status: OrderStatus;
  readonly total: Money;
  readonly reason?: string;
  readonly shipmentId?: string;
  readonly timeline: readonly TimelineEntry[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
}

const MOST_TOTAL = 1_000_000_000_000_000;

/** A customer's order: pending until money, stock and parcel are secured, then confirmed, or rejected with a reason. */
export class Order {
  readonly #events: OrderEvent[] = [];

  private constructor(private current: OrderState) {}

  /** `carriage` is the address once more, sealed for shipping, where it is known how. */
  static place(draft: OrderDraft, at: Date, carriage?: Sealed): Order {
    const total = sum(
      draft.currency,
      draft.items.map((item) => times(item.unitPrice, item.quantity)),
    );
    if (total.amount > MOST_TOTAL) throw OrderError.totalTooLarge();
    const time = at.toISOString();
    const timeline = [{ at: time, type: 'created' }];
    const order = new Order({
      ...draft,
      total,
      status: 'pending',
      timeline,
      createdAt: time,
      updatedAt: time,
      version: 0,
    });
    order.#events.push({ type: 'OrderCreated', order: order.state, ...(carriage && { carriage }) });
    return order;
  }

  static restore(state: OrderState): Order {
    return new Order(state);
  }

  get state(): OrderState {
    return this.current;
  }

  /** A step on the way: seen in the timeline, without a change of status. */
  record(type: string, at: Date, detail?: string): void {
    this.#change({}, { at: at.toISOString(), type, ...(detail && { detail }) });
  }

  attachShipment(shipmentId: string): void {
    this.current = { ...this.current, shipmentId };
  }

  confirm(at: Date): void {
    this.#become('confirmed', at);
  }

  reject(reason: string, at: Date): void {
    this.#become('rejected', at, reason);
  }

  cancel(at: Date): void {
    this.#become('cancelled', at);
  }

  ship(at: Date): void {
    this.#become('shipped', at);
  }

  deliver(at: Date): void {
    this.#become('delivered', at);
  }

  /** Shipping has asked where the parcel goes. */
  tellAddress(carriage: Sealed): void {
    this.#events.push({ type: 'AddressTold', orderId: this.current.id, carriage });
  }

  /** The events since the order was loaded, handed over once. */
  takeEvents(): OrderEvent[] {
    return this.#events.splice(0);
  }

  #become(status: OrderStatus, at: Date, reason?: string): void {
    const { id, userId, status: from } = this.current;
    if (!NEXT[from].includes(status)) throw OrderError.cannotBecome(id, from, status);
    const because = reason ? { reason } : {};
    this.#change({ status, ...because }, { at: at.toISOString(), type: status, ...(reason && { detail: reason }) });
    this.#events.push({ type: 'OrderStatusChanged', orderId: id, userId, status, ...because });
  }

  #change(change: Partial<OrderState>, entry: TimelineEntry): void {
    this.current = { ...this.current, ...change, timeline: [...this.current.timeline, entry], updatedAt: entry.at };
  }
}

const CHANGES_STATUS: ReadonlySet<string> = new Set(['confirmed', 'rejected', 'cancelled', 'shipped', 'delivered']);

/**
 * The order as it stood after each change of its status, oldest first, with the place of that change in the timeline.
 */
export function historyOf(order: OrderState): { readonly at: number; readonly order: OrderState }[] {
  return order.timeline.flatMap((entry, at) => {
    if (entry.type !== 'created' && !CHANGES_STATUS.has(entry.type)) return [];
    const status = entry.type === 'created' ? 'pending' : (entry.type as OrderStatus);
    const { reason, ...rest } = order;
    const because = status === order.status && reason ? { reason } : {};
    return [
      { at, order: { ...rest, ...because, status, timeline: order.timeline.slice(0, at + 1), updatedAt: entry.at } },
    ];
  });
}
