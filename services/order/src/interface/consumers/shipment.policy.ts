import { AddressWanted, ShipmentDelivered, ShipmentDispatched } from '@ashlar/contracts/shipping';
import { on } from '@ashlar/messaging';
import type { OrderApplication } from '../../application/order.application.ts';

/** Whenever a parcel moves, its order follows; whenever shipping wants to know where it goes, it is told. */
export const shipmentPolicy = ({ advanceOrder, tellAddress }: OrderApplication) => [
  on(AddressWanted, ({ data }) => tellAddress.execute(data)),
  on(ShipmentDispatched, ({ data }) => advanceOrder.ship(data.orderId)),
  on(ShipmentDelivered, ({ data }) => advanceOrder.deliver(data.orderId)),
];
