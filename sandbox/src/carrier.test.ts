import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { address, aSandbox, ask } from './sandbox.fixtures.ts';

test('an order is booked once, however often it is asked for', async (t) => {
  const { book, sandbox } = await aSandbox(t);
  const booked = { status: 201, body: { trackingNumber: 'SX-o1', carrier: 'Sandbox Express' } };
  deepStrictEqual(await book('o1'), booked);
  deepStrictEqual(await book('o1'), booked);
  deepStrictEqual(sandbox.read().bookings, [{ orderId: 'o1', status: 'booked' }]);
});

test('nothing is shipped to AQ', async (t) => {
  const { book, sandbox } = await aSandbox(t);
  deepStrictEqual(await book('o1', 'AQ'), { status: 422, body: { code: 'unserviceable' } });
  deepStrictEqual(sandbox.read().bookings, []);
});

test('a booking is cancelled, also twice, and cannot be booked again', async (t) => {
  const { book, cancel, findBooking, sandbox } = await aSandbox(t);
  await book('o1');
  strictEqual((await cancel('o1')).status, 204);
  strictEqual((await cancel('o1')).status, 204);
  deepStrictEqual(await book('o1'), { status: 409, body: { code: 'cancelled' } });
  deepStrictEqual(sandbox.read().bookings, [{ orderId: 'o1', status: 'cancelled' }]);
  strictEqual(((await findBooking('o1')).body as { trackingNumber: string }).trackingNumber, 'SX-o1');
});

test('a booking that arrives after its cancellation is refused', async (t) => {
  const { book, cancel, sandbox } = await aSandbox(t);
  strictEqual((await cancel('o1')).status, 204);
  deepStrictEqual(await book('o1'), { status: 409, body: { code: 'cancelled' } });
  deepStrictEqual(sandbox.read().bookings, [{ orderId: 'o1', status: 'cancelled' }]);
});

test('a booking is found by its order', async (t) => {
  const { book, findBooking } = await aSandbox(t);
  strictEqual((await findBooking('o1')).status, 404);
  await book('o1');
  strictEqual(((await findBooking('o1')).body as { status: string }).status, 'booked');
});

test('the key of a booking is its order', async (t) => {
  const { sandbox } = await aSandbox(t);
  const body = { orderId: 'o1', address };
  const url = `${sandbox.carrierUrl}/bookings`;
  strictEqual((await ask('POST', url, { body })).status, 400);
  strictEqual((await ask('POST', url, { key: 'o2', body })).status, 422);
  deepStrictEqual(sandbox.read().bookings, []);
});
