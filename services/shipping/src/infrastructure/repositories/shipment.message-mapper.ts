import {
  AddressWanted,
  ShipmentArranged,
  ShipmentCancelled,
  ShipmentDelivered,
  ShipmentDispatched,
  ShipmentRefused,
} from '@ashlar/contracts/shipping';
import { type Outgoing, outgoing } from '@ashlar/messaging';
import type { ShipmentEvent } from '../../domain/events/shipment.events.ts';

/** The one place that decides what other services learn of a shipment. */
export function toMessage(event: ShipmentEvent): Outgoing {
  const { orderId } = event;
  switch (event.type) {
    case 'AddressWanted':
      return outgoing(AddressWanted, orderId, { orderId, userId: event.userId, publicKey: event.publicKey });
    case 'ShipmentArranged':
      return outgoing(ShipmentArranged, orderId, { shipmentId: event.shipmentId, orderId, saga: event.saga });
    case 'ShipmentRefused':
      return outgoing(ShipmentRefused, orderId, { orderId, saga: event.saga });
    case 'ShipmentCancelled':
      return outgoing(ShipmentCancelled, orderId, { orderId });
    case 'ShipmentDispatched':
      return outgoing(ShipmentDispatched, orderId, { shipmentId: event.shipmentId, orderId });
    case 'ShipmentDelivered':
      return outgoing(ShipmentDelivered, orderId, { shipmentId: event.shipmentId, orderId });
  }
}
