import { StockCommitted, StockRejected, StockReleased, StockReserved } from '@ashlar/contracts/inventory';
import { type Outgoing, outgoing } from '@ashlar/messaging';
import type { ReservationEvent } from '../../domain/events/reservation.events.ts';

/** The one place that decides what other services learn of a reservation. */
export function toMessage(event: ReservationEvent): Outgoing {
  const { orderId } = event;
  switch (event.type) {
    case 'StockReserved':
      return outgoing(StockReserved, orderId, { orderId, saga: event.saga });
    case 'StockRejected':
      return outgoing(StockRejected, orderId, { orderId, saga: event.saga });
    case 'StockReleased':
      return outgoing(StockReleased, orderId, { orderId });
    case 'StockCommitted':
      return outgoing(StockCommitted, orderId, { orderId });
  }
}
