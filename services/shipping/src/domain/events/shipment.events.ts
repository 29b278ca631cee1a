import type { SagaStyle } from '../entities/shipment.entity.ts';

/** What can happen to the shipment of one order. */
export type ShipmentEvent =
  | { type: 'AddressWanted'; orderId: string; userId: string; publicKey: string }
  | { type: 'ShipmentArranged'; shipmentId: string; orderId: string; saga: SagaStyle }
  | { type: 'ShipmentRefused'; orderId: string; saga: SagaStyle }
  | { type: 'ShipmentCancelled'; orderId: string }
  | { type: 'ShipmentDispatched'; shipmentId: string; orderId: string }
  | { type: 'ShipmentDelivered'; shipmentId: string; orderId: string };
