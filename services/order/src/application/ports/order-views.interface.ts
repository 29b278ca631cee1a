import type { OrderState } from '../../domain/entities/order.entity.ts';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';

/** An order without what only the order itself needs; its address is sealed here as well. */
export type ViewedOrder = Omit<OrderState, 'version' | 'currency' | 'saga'>;

/** An order as it is read, and which of its versions that is. */
export interface OrderView {
  readonly version: number;
  readonly order: ViewedOrder;
}

/** The read side of the orders: fed by events only, hence a moment behind them. */
export interface OrderViews {
  find(id: string): Promise<OrderView | undefined>;

  /** Newest first. */
  list(filter: OrderFilter): Promise<OrderView[]>;

  /** Takes over how an order stands, in the transaction of the event; an older version changes nothing. */
  put(view: OrderView): Promise<void>;
}
