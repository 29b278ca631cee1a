import type { SagaStyle } from '../entities/reservation.entity.ts';

/** What can happen to the stock of one order. */
export type ReservationEvent =
  | { type: 'StockReserved'; orderId: string; saga: SagaStyle }
  | { type: 'StockRejected'; orderId: string; saga: SagaStyle }
  | { type: 'StockReleased'; orderId: string }
  | { type: 'StockCommitted'; orderId: string };
