import * as inventory from '@ashlar/contracts/inventory';
import * as order from '@ashlar/contracts/order';
import * as payment from '@ashlar/contracts/payment';
import * as shipping from '@ashlar/contracts/shipping';
import { defineSaga, send } from '@ashlar/saga';
import type { Checkout } from './checkout.saga.ts';

const ofOrder = ({ id }: Checkout) => ({ orderId: id });

/**
 * The same checkout without an orchestrator: each participant acts on the events of the one before it. The order
 * listens, keeps the deadline and the point of no return, and tells everybody when all has to be undone.
 */
export const checkoutChoreography = defineSaga<Checkout>({
  name: 'checkout',
  version: 1,

  compensatable: [
    {
      name: 'reserve payment',
      done: payment.PaymentReserved,
      refused: payment.PaymentDeclined,
      reason: 'payment_declined',
      timedOut: 'timed_out',
      undone: payment.PaymentReleased,
    },
    {
      name: 'reserve stock',
      done: inventory.StockReserved,
      refused: inventory.StockRejected,
      reason: 'out_of_stock',
      timedOut: 'timed_out',
      undone: inventory.StockReleased,
    },
    {
      name: 'arrange shipping',
      done: shipping.ShipmentArranged,
      refused: shipping.ShipmentRefused,
      reason: 'shipping_unavailable',
      timedOut: 'shipping_unavailable',
      undone: shipping.ShipmentCancelled,
    },
  ],

  pivot: {
    name: 'capture payment',
    do: send(order.CaptureRequested, ofOrder),
    done: payment.PaymentCaptured,
    refused: payment.CaptureFailed,
    reason: 'payment_declined',
  },

  retriable: [
    { name: 'commit stock', again: send(order.CaptureRequested, ofOrder), done: inventory.StockCommitted },
    { name: 'confirm order', local: true },
  ],

  announce: { timedOut: send(order.OrderTimedOut, ofOrder), cancelled: send(order.OrderCancelled, ofOrder) },
});
