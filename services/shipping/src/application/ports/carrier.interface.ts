import type { Address } from '../../domain/entities/shipment.entity.ts';

export type BookingOutcome =
  | { readonly type: 'booked'; readonly carrier: string; readonly trackingNumber: string }
  | { readonly type: 'unserviceable' };

export interface Carrier {
  /** Books once per order, however often it is asked. Throws when the carrier gives no clear answer. */
  book(orderId: string, address: Address): Promise<BookingOutcome>;
  /** Cancels the booking of an order, if there is one. Throws when the carrier gives no clear answer. */
  cancel(orderId: string): Promise<void>;
}
