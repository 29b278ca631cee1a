import type { Sealed } from '@ashlar/domain';
import type { OrderState } from '../../domain/entities/order.entity.ts';

/** The process that carries an order out across the services. */
export interface CheckoutProcess {
  /** In the transaction that stores the order. `carriage` is its address, sealed for shipping. */
  begin(order: OrderState, carriage: Sealed | undefined): Promise<void>;

  /** Turns it back while it can still be undone; it may have ended, or passed its point of no return. */
  cancel(orderId: string): Promise<'cancelled' | 'too_late' | 'ended' | 'unknown'>;
}
