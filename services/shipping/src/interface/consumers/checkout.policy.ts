import { inChoreography } from '@ashlar/contracts/checkout';
import { StockReserved } from '@ashlar/contracts/inventory';
import { AddressTold, OrderCancelled, OrderCreated, OrderStatusChanged, OrderTimedOut } from '@ashlar/contracts/order';
import { CaptureFailed } from '@ashlar/contracts/payment';
import { on } from '@ashlar/messaging';
import type { ShippingApplication } from '../../application/shipping.application.ts';

const ENDS: readonly string[] = ['confirmed', 'rejected', 'cancelled'];

/**
 * Choreography: whenever the stock is reserved, the parcel is arranged; whenever somebody refuses, it is cancelled. How
 * an order ends is heard here, behind its creation: one consumer hears one order in order. An address that
 * was asked for is heard in both styles.
 */
export const checkoutPolicy = ({ expectOrder, learnAddress, cancelShipment, followOrder }: ShippingApplication) => [
  on(OrderCreated, ({ data }) => expectOrder.execute({ ...data, address: data.shippingAddress }), {
    when: inChoreography,
  }),
  on(AddressTold, ({ data }) => learnAddress.execute(data)),
  on(StockReserved, ({ data }) => expectOrder.trigger(data), { when: inChoreography }),
  on(CaptureFailed, ({ data }) => cancelShipment.execute(data), { when: inChoreography }),
  on(OrderTimedOut, ({ data }) => cancelShipment.execute(data)),
  on(OrderCancelled, ({ data }) => cancelShipment.execute(data)),
  on(OrderStatusChanged, ({ data }) => followOrder.execute(data), { when: ({ status }) => ENDS.includes(status) }),
];
