import { ShipmentDelivered, ShipmentDispatched } from '@ashlar/contracts/shipping';
import { on } from '@ashlar/messaging';
import type { OrderApplication } from '../../application/order.application.ts';

/** Whenever a parcel moves, its order follows. */
export const shipmentPolicy = ({ advanceOrder }: OrderApplication) => [
  on(ShipmentDispatched, ({ data }) => advanceOrder.ship(data.orderId)),
  on(ShipmentDelivered, ({ data }) => advanceOrder.deliver(data.orderId)),
];
