import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { StockCommitted, StockRejected, StockReleased, StockReserved } from '@ashlar/contracts/inventory';
import {
  CaptureFailed,
  PaymentCaptured,
  PaymentDeclined,
  PaymentReleased,
  PaymentReserved,
} from '@ashlar/contracts/payment';
import { ShipmentArranged, ShipmentCancelled, ShipmentRefused } from '@ashlar/contracts/shipping';
import type { Contract } from '@ashlar/messaging';
import { stepsOf } from '@ashlar/saga';
import { OneCheckout } from './checkout.fixtures.ts';
import { checkout } from './checkout.saga.ts';
import { checkoutChoreography } from './checkout-choreography.saga.ts';

type Happening = Contract | 'timeout' | 'cancel';

const RESERVED = [PaymentReserved, StockReserved, ShipmentArranged];
const UNDONE = [ShipmentCancelled, StockReleased, PaymentReleased];
const hearing = (...heard: Happening[]) => new OneCheckout(checkoutChoreography).hears(...heard).said;

test('the order only listens until all three have reserved, then asks for the capture', () => {
  deepStrictEqual(hearing(...RESERVED.slice(0, 2)), []);
  deepStrictEqual(hearing(...RESERVED), ['CaptureRequested']);
  deepStrictEqual(hearing(...RESERVED, PaymentCaptured, StockCommitted), ['CaptureRequested', 'completed']);
});

test('schedule 5.5: the capture is asked for by the order, whatever it heard first', () => {
  deepStrictEqual(hearing(ShipmentArranged, StockReserved), []);
  deepStrictEqual(hearing(ShipmentArranged, StockReserved, PaymentReserved), ['CaptureRequested']);
});

test('stock that is committed before the capture is heard of needs no second request', () => {
  deepStrictEqual(hearing(...RESERVED, StockCommitted, PaymentCaptured), ['CaptureRequested', 'completed']);
});

test('schedule 5.6: a time-out is told to all three, and the order is rejected when all have answered', () => {
  deepStrictEqual(hearing('timeout', ...UNDONE.slice(0, 2)), ['OrderTimedOut']);
  deepStrictEqual(hearing('timeout', ...UNDONE), ['OrderTimedOut', 'timed_out']);
});

test('a cancellation is told to all three, and the order is cancelled when all have answered', () => {
  deepStrictEqual(hearing(PaymentReserved, 'cancel', ...UNDONE), ['OrderCancelled', 'cancelled']);
});

test('an order waits for everybody who may have reserved, and hears them before the refusal too', () => {
  deepStrictEqual(hearing(PaymentReserved, StockReserved, ShipmentRefused, StockReleased), []);
  deepStrictEqual(hearing(PaymentReserved, StockReserved, PaymentReleased, StockReleased, ShipmentRefused), [
    'shipping_unavailable',
  ]);
});

test('both styles have the same steps, and the same outcome in every case', () => {
  const names = (definition: typeof checkout) => stepsOf(definition).map(({ name }) => name);
  deepStrictEqual(names(checkoutChoreography), names(checkout));
  const cases: Happening[][] = [
    [...RESERVED, PaymentCaptured, StockCommitted],
    [PaymentDeclined],
    [PaymentReserved, StockRejected, PaymentReleased],
    [PaymentReserved, StockReserved, ShipmentRefused, StockReleased, PaymentReleased],
    [...RESERVED, CaptureFailed, ...UNDONE],
    ['timeout', ...UNDONE],
    [PaymentReserved, 'timeout', ...UNDONE],
    [PaymentReserved, StockReserved, 'timeout', ...UNDONE],
    ['cancel', ...UNDONE],
    [...RESERVED, 'cancel', PaymentCaptured, StockCommitted],
  ];
  for (const heard of cases) {
    const [one, other] = [checkout, checkoutChoreography].map((saga) => new OneCheckout(saga).hears(...heard));
    strictEqual(one!.state.direction, 'ended');
    deepStrictEqual([one!.said.at(-1), one!.state.cancelled], [other!.said.at(-1), other!.state.cancelled]);
  }
});
