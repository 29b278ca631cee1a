import { inChoreography } from '@ashlar/contracts/checkout';
import { StockReserved } from '@ashlar/contracts/inventory';
import { OrderCancelled, OrderCreated, OrderStatusChanged, OrderTimedOut } from '@ashlar/contracts/order';
import { CaptureFailed } from '@ashlar/contracts/payment';
import { UserErased } from '@ashlar/contracts/user';
import { on } from '@ashlar/messaging';
import type { ShippingApplication } from '../../application/shipping.application.ts';

/** Choreography: whenever the stock is reserved, the parcel is arranged; whenever somebody refuses, it is cancelled. */
export const checkoutPolicy = ({ expectOrder, cancelShipment, confirmShipment }: ShippingApplication) => [
  on(OrderCreated, ({ data }) => expectOrder.execute({ ...data, address: data.shippingAddress! }), {
    when: inChoreography,
  }),
  on(StockReserved, ({ data }) => expectOrder.trigger(data), { when: inChoreography }),
  on(CaptureFailed, ({ data }) => cancelShipment.execute(data), { when: inChoreography }),
  on(OrderTimedOut, ({ data }) => cancelShipment.execute(data)),
  on(OrderCancelled, ({ data }) => cancelShipment.execute(data)),
  on(OrderStatusChanged, ({ data }) => confirmShipment.execute(data), { when: ({ status }) => status === 'confirmed' }),
];

/** Whenever nobody needs an address any more, it is forgotten: the user has gone, or the order has come to nothing. */
export const personalDataPolicy = ({ eraseUser, abandonShipment }: ShippingApplication) => [
  on(UserErased, ({ data }) => eraseUser.execute(data)),
  on(OrderStatusChanged, ({ data }) => abandonShipment.execute(data), {
    when: ({ status }) => status === 'rejected' || status === 'cancelled',
  }),
];
