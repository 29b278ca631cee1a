import type { Sealed } from '@ashlar/domain';
import type { OrderState } from '../entities/order.entity.ts';

/** What can happen to an order. Private to this service: what others may know is in the contracts. */
export type OrderEvent =
  | { type: 'OrderCreated'; order: OrderState; carriage?: Sealed }
  | { type: 'AddressTold'; orderId: string; carriage: Sealed }
  | { type: 'OrderStatusChanged'; orderId: string; userId: string; status: string; reason?: string };
