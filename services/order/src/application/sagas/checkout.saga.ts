import * as inventory from '@ashlar/contracts/inventory';
import * as payment from '@ashlar/contracts/payment';
import * as shipping from '@ashlar/contracts/shipping';
import type { Sealed } from '@ashlar/domain';
import { defineSaga, send } from '@ashlar/saga';
import type { OrderState } from '../../domain/entities/order.entity.ts';

/** What the checkout knows of an order. */
export type Checkout = Pick<OrderState, 'id' | 'userId' | 'items' | 'total'> & {
  /** Where the parcel goes, sealed for shipping, which asks for it where it is missing. */
  readonly carriage?: Sealed;
};

const ofOrder = ({ id }: Checkout) => ({ orderId: id });

/** Secures money, stock and parcel, then takes the money: the orchestrator asks each participant in turn. */
export const checkout = defineSaga<Checkout>({
  name: 'checkout',
  version: 1,

  compensatable: [
    {
      name: 'reserve payment',
      do: send(payment.ReservePayment, ({ id, userId, total }) => ({ orderId: id, userId, amount: total })),
      done: payment.PaymentReserved,
      refused: payment.PaymentDeclined,
      reason: 'payment_declined',
      timedOut: 'timed_out',
      undo: send(payment.ReleasePayment, ofOrder),
      undone: payment.PaymentReleased,
    },
    {
      name: 'reserve stock',
      do: send(inventory.ReserveStock, ({ id, items }) => ({
        orderId: id,
        lines: items.map(({ productId, quantity }) => ({ productId, quantity })),
      })),
      done: inventory.StockReserved,
      refused: inventory.StockRejected,
      reason: 'out_of_stock',
      timedOut: 'timed_out',
      undo: send(inventory.ReleaseStock, ofOrder),
      undone: inventory.StockReleased,
    },
    {
      name: 'arrange shipping',
      do: send(shipping.ArrangeShipment, ({ id, userId, carriage }) => ({
        orderId: id,
        userId,
        ...(carriage && { address: carriage }),
      })),
      done: shipping.ShipmentArranged,
      refused: shipping.ShipmentRefused,
      reason: 'shipping_unavailable',
      timedOut: 'shipping_unavailable',
      undo: send(shipping.CancelShipment, ofOrder),
      undone: shipping.ShipmentCancelled,
    },
  ],

  pivot: {
    name: 'capture payment',
    do: send(payment.CapturePayment, ofOrder),
    done: payment.PaymentCaptured,
    refused: payment.CaptureFailed,
    reason: 'payment_declined',
  },

  retriable: [
    { name: 'commit stock', do: send(inventory.CommitStock, ofOrder), done: inventory.StockCommitted },
    { name: 'confirm order', local: true },
  ],
});
