import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { StockCommitted, StockRejected, StockReleased, StockReserved } from '@ashlar/contracts/inventory';
import * as payment from '@ashlar/contracts/payment';
import { ShipmentArranged, ShipmentCancelled, ShipmentRefused } from '@ashlar/contracts/shipping';
import { type Contract, violation } from '@ashlar/messaging';
import { stepsOf } from '@ashlar/saga';
import { OneCheckout } from './checkout.fixtures.ts';
import { checkout } from './checkout.saga.ts';

const { PaymentReserved, PaymentDeclined, PaymentReleased, PaymentCaptured, CaptureFailed } = payment;
const RESERVED = [PaymentReserved, StockReserved, ShipmentArranged];
const FORWARD = ['ReservePayment', 'ReserveStock', 'ArrangeShipment', 'CapturePayment', 'CommitStock'];
const hearing = (...heard: (Contract | 'timeout' | 'cancel')[]) => new OneCheckout(checkout).hears(...heard).said;

test('money, stock and parcel are secured in turn, then the money is taken and the order confirmed', () => {
  deepStrictEqual(hearing(...RESERVED, PaymentCaptured, StockCommitted), [...FORWARD, 'completed']);
});

test('a declined payment rejects the order at once', () => {
  deepStrictEqual(hearing(PaymentDeclined), ['ReservePayment', 'payment_declined']);
});

test('missing stock gives the money back before the order is rejected', () => {
  deepStrictEqual(hearing(PaymentReserved, StockRejected), ['ReservePayment', 'ReserveStock', 'ReleasePayment']);
  deepStrictEqual(hearing(PaymentReserved, StockRejected, PaymentReleased).at(-1), 'out_of_stock');
});

test('a refused shipment frees the stock, then the money', () => {
  deepStrictEqual(hearing(PaymentReserved, StockReserved, ShipmentRefused, StockReleased, PaymentReleased), [
    ...FORWARD.slice(0, 3),
    'ReleaseStock',
    'ReleasePayment',
    'shipping_unavailable',
  ]);
});

test('a failed capture undoes all three', () => {
  const undone = [ShipmentCancelled, StockReleased, PaymentReleased];
  const back = ['CancelShipment', 'ReleaseStock', 'ReleasePayment'];
  deepStrictEqual(hearing(...RESERVED, CaptureFailed, ...undone), [
    ...FORWARD.slice(0, 4),
    ...back,
    'payment_declined',
  ]);
});

test('silence of shipping counts as unavailable, any other silence as timed out', () => {
  const silent = hearing(PaymentReserved, StockReserved, 'timeout', ShipmentCancelled, StockReleased, PaymentReleased);
  strictEqual(silent.at(-1), 'shipping_unavailable');
  strictEqual(hearing(PaymentReserved, 'timeout', StockReleased, PaymentReleased).at(-1), 'timed_out');
  strictEqual(hearing('timeout', PaymentReleased).at(-1), 'timed_out');
});

test('a cancellation frees whatever may be reserved; after the capture is ordered it changes nothing', () => {
  deepStrictEqual(hearing(PaymentReserved, 'cancel', StockReleased, PaymentReleased).at(-1), 'cancelled');
  deepStrictEqual(hearing(...RESERVED, 'cancel', PaymentCaptured, StockCommitted), [...FORWARD, 'completed']);
});

test('a reply that comes twice changes nothing', () => {
  deepStrictEqual(hearing(PaymentReserved, PaymentReserved), hearing(PaymentReserved));
});

test('every command is under the key of the order, and keeps its contract', () => {
  const { sent } = new OneCheckout(checkout).hears(...RESERVED, CaptureFailed, ShipmentCancelled, StockReleased);
  const contracts = stepsOf(checkout).flatMap((step) => [step.do, step.undo].filter((send) => send !== undefined));
  strictEqual(new Set(sent.map(({ type }) => type)).size, contracts.length - 1);
  for (const { key } of sent) strictEqual(key, 'o1');
  deepStrictEqual(sent[0]?.data, { orderId: 'o1', userId: 'u1', amount: { amount: 1_500, currency: 'USD' } });
  deepStrictEqual(sent[1]?.data, { orderId: 'o1', lines: [{ productId: 'cup', quantity: 3 }] });
  ok(!violation(payment.ReservePayment, sent[0]?.data));
});
