import { command, event, upcast } from '@ashlar/messaging';
import Type from 'typebox';
import { Address, ForOrder, SagaStyle, SealedDatum, StepTaken } from './checkout.ts';

const Asked = { orderId: Type.String(), userId: Type.String() };

const ArrangeShipmentV1 = command('shipping.ArrangeShipment.v1', Type.Object({ ...Asked, address: Address }), {
  key: 'orderId',
});

/** Where the address is missing, shipping asks for it by `AddressWanted`. */
export const ArrangeShipment = command(
  'shipping.ArrangeShipment.v2',
  Type.Object({ ...Asked, address: Type.Optional(SealedDatum) }),
  {
    key: 'orderId',
    answers: () => ({ done: ShipmentArranged, refused: ShipmentRefused }),
    past: upcast(ArrangeShipmentV1, ({ address: _, ...asked }) => asked),
  },
);
export const CancelShipment = command('shipping.CancelShipment.v1', ForOrder, {
  key: 'orderId',
  answers: () => ({ done: ShipmentCancelled }),
});

const Parcel = Type.Object({ shipmentId: Type.String(), orderId: Type.String() });

export const ShipmentArranged = event(
  'shipping.ShipmentArranged.v1',
  Type.Object({ shipmentId: Type.String(), orderId: Type.String(), saga: SagaStyle }),
  { key: 'orderId' },
);
export const ShipmentRefused = event('shipping.ShipmentRefused.v1', StepTaken, { key: 'orderId' });
export const ShipmentCancelled = event('shipping.ShipmentCancelled.v1', ForOrder, { key: 'orderId' });
export const ShipmentDispatched = event('shipping.ShipmentDispatched.v1', Parcel, { key: 'orderId' });
export const ShipmentDelivered = event('shipping.ShipmentDelivered.v1', Parcel, { key: 'orderId' });

/** Shipping needs the address of an order, sealed with this key: what is sent later for this user may be so at once. */
export const AddressWanted = event('shipping.AddressWanted.v1', Type.Object({ ...Asked, publicKey: Type.String() }), {
  key: 'orderId',
});
