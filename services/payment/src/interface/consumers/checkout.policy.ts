import { inChoreography } from '@ashlar/contracts/checkout';
import { StockRejected } from '@ashlar/contracts/inventory';
import { CaptureRequested, OrderCancelled, OrderCreated, OrderTimedOut } from '@ashlar/contracts/order';
import { ShipmentRefused } from '@ashlar/contracts/shipping';
import { on } from '@ashlar/messaging';
import type { PaymentApplication } from '../../application/payment.application.ts';

/** Choreography: the payment begins it, and ends it once the order asks for the capture. */
export const checkoutPolicy = ({ reservePayment, releasePayment, capturePayment }: PaymentApplication) => [
  on(OrderCreated, ({ data }) => reservePayment.execute({ ...data, amount: data.total }), { when: inChoreography }),
  on(StockRejected, ({ data }) => releasePayment.execute(data), { when: inChoreography }),
  on(ShipmentRefused, ({ data }) => releasePayment.execute(data), { when: inChoreography }),
  on(OrderTimedOut, ({ data }) => releasePayment.execute(data)),
  on(OrderCancelled, ({ data }) => releasePayment.execute(data)),
  on(CaptureRequested, ({ data }) => capturePayment.execute({ ...data, saga: 'choreography' })),
];
