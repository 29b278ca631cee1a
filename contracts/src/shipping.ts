import { command, event } from '@ashlar/messaging';
import Type from 'typebox';
import { Address, ForOrder, SagaStyle, StepTaken } from './checkout.ts';

export const ArrangeShipment = command(
  'shipping.ArrangeShipment.v1',
  Type.Object({ orderId: Type.String(), userId: Type.String(), address: Address }),
);
export const CancelShipment = command('shipping.CancelShipment.v1', ForOrder);

const Parcel = Type.Object({ shipmentId: Type.String(), orderId: Type.String() });

export const ShipmentArranged = event(
  'shipping.ShipmentArranged.v1',
  Type.Object({ shipmentId: Type.String(), orderId: Type.String(), saga: SagaStyle }),
);
export const ShipmentRefused = event('shipping.ShipmentRefused.v1', StepTaken);
export const ShipmentCancelled = event('shipping.ShipmentCancelled.v1', ForOrder);
export const ShipmentDispatched = event('shipping.ShipmentDispatched.v1', Parcel);
export const ShipmentDelivered = event('shipping.ShipmentDelivered.v1', Parcel);
