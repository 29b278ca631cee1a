import { inChoreography } from '@ashlar/contracts/checkout';
import { OrderCancelled, OrderCreated, OrderTimedOut } from '@ashlar/contracts/order';
import { CaptureFailed, PaymentCaptured, PaymentReserved } from '@ashlar/contracts/payment';
import { ShipmentRefused } from '@ashlar/contracts/shipping';
import { on } from '@ashlar/messaging';
import type { InventoryApplication } from '../../application/inventory.application.ts';

/** Choreography: whenever the payment moves, the stock follows; whenever somebody refuses, it is free again. */
export const checkoutPolicy = ({
  expectOrder,
  reserveExpectedStock,
  releaseStock,
  commitStock,
}: InventoryApplication) => [
  on(OrderCreated, ({ data }) => expectOrder.execute(data), { when: inChoreography }),
  on(PaymentReserved, ({ data }) => reserveExpectedStock.execute(data), { when: inChoreography }),
  on(ShipmentRefused, ({ data }) => releaseStock.execute(data), { when: inChoreography }),
  on(CaptureFailed, ({ data }) => releaseStock.execute(data), { when: inChoreography }),
  on(OrderTimedOut, ({ data }) => releaseStock.execute(data)),
  on(OrderCancelled, ({ data }) => releaseStock.execute(data)),
  on(PaymentCaptured, ({ data }) => commitStock.execute(data), { when: inChoreography }),
];
