import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Bank, usd } from '../bank.fixtures.ts';

const saga = 'orchestration';
const orderId = 'o1';
const order = (amount: number, id = orderId) => ({ orderId: id, userId: 'u1', amount: usd(amount), saga }) as const;
const setUp = (amount = 1_000) => new Bank().withMoney(amount);

test('the money of an order is set aside', async () => {
  const bank = await setUp();
  await bank.reserve.execute(order(700));
  strictEqual(await bank.money(), '700 of 1000');
  deepStrictEqual(bank.events, [{ type: 'PaymentReserved', orderId, saga }]);
});

test('an order over what is available is declined, and the ledger says so', async () => {
  const bank = await setUp();
  await bank.reserve.execute(order(700));
  await bank.reserve.execute(order(400, 'o2'));
  deepStrictEqual(bank.said, ['PaymentReserved', 'PaymentDeclined']);
  strictEqual(await bank.money(), '700 of 1000');
  strictEqual(bank.ledger().at(-1), 'PaymentDeclined');
});

test('an order without an account in its currency is declined', async () => {
  const bank = await setUp();
  await bank.reserve.execute({ ...order(700), amount: { amount: 700, currency: 'EUR' } });
  await bank.reserve.execute({ ...order(700, 'o2'), userId: 'u2' });
  deepStrictEqual(bank.said, ['PaymentDeclined', 'PaymentDeclined']);
});

test('schedule 5.9: an order that asks again gets the same answer, and reserves nothing twice', async () => {
  const bank = await setUp();
  for (const _ of [1, 2, 3]) await bank.reserve.execute(order(700));
  deepStrictEqual(bank.said, ['PaymentReserved', 'PaymentReserved', 'PaymentReserved']);
  strictEqual(await bank.money(), '700 of 1000');
});

test('schedule 5.9: an order that was declined stays declined when there is money again', async () => {
  const bank = await setUp(100);
  await bank.reserve.execute(order(700));
  await bank.accounts.execute('a1', { type: 'Deposit', depositId: 'd1', amount: 5_000 });
  await bank.reserve.execute(order(700));
  deepStrictEqual(bank.said, ['PaymentDeclined', 'PaymentDeclined']);
  strictEqual(await bank.money(), '0 of 5100');
});

test('released money is free again, and released once', async () => {
  const bank = await setUp();
  await bank.reserve.execute(order(700));
  for (const _ of [1, 2]) await bank.release.execute({ orderId });
  deepStrictEqual(bank.said, ['PaymentReserved', 'PaymentReleased', 'PaymentReleased']);
  strictEqual(await bank.money(), '0 of 1000');
  deepStrictEqual(bank.ledger().slice(-2), ['PaymentReserved', 'PaymentReleased']);
});

test('schedule 5.2: releasing for an unknown order is answered, and its later request is declined', async () => {
  const bank = await setUp();
  await bank.release.execute({ orderId });
  await bank.reserve.execute(order(700));
  deepStrictEqual(bank.said, ['PaymentReleased', 'PaymentDeclined']);
  strictEqual(await bank.money(), '0 of 1000');
});

test('a capture takes the money once, however often it is asked for', async () => {
  const bank = await setUp();
  await bank.reserve.execute(order(700));
  for (const _ of [1, 2]) await bank.capture.execute({ orderId, saga });
  deepStrictEqual(bank.said, ['PaymentReserved', 'PaymentCaptured', 'PaymentCaptured']);
  strictEqual(await bank.money(), '0 of 300');
});

test('an order whose payment was captured still hears that it was reserved', async () => {
  const bank = await setUp();
  await bank.reserve.execute(order(700));
  await bank.capture.execute({ orderId, saga });
  await bank.reserve.execute(order(700));
  strictEqual(bank.said.at(-1), 'PaymentReserved');
  strictEqual(await bank.money(), '0 of 300');
});

test('what was released, or never reserved, cannot be captured', async () => {
  const bank = await setUp();
  await bank.reserve.execute(order(700));
  await bank.release.execute({ orderId });
  await bank.capture.execute({ orderId, saga });
  await bank.capture.execute({ orderId: 'o2', saga });
  deepStrictEqual(bank.said.slice(-2), ['CaptureFailed', 'CaptureFailed']);
  strictEqual(await bank.money(), '0 of 1000');
});

test('a choreography whose capture fails hears of the release as well', async () => {
  const bank = await setUp();
  await bank.release.execute({ orderId });
  await bank.capture.execute({ orderId: 'o2', saga: 'choreography' });
  deepStrictEqual(bank.events.slice(1), [
    { type: 'CaptureFailed', orderId: 'o2', saga: 'choreography' },
    { type: 'PaymentReleased', orderId: 'o2' },
  ]);
});

test('captured money is not given back', async () => {
  const bank = await setUp();
  await bank.reserve.execute(order(700));
  await bank.capture.execute({ orderId, saga });
  await rejects(bank.release.execute({ orderId }), { code: 'payment_captured' });
  strictEqual(await bank.money(), '0 of 300');
});

test('schedule 5.6: an order that timed out before it was known is declined in a choreography too', async () => {
  const bank = await setUp();
  await bank.release.execute({ orderId });
  await bank.reserve.execute({ ...order(700), saga: 'choreography' });
  deepStrictEqual([bank.said, await bank.money()], [['PaymentReleased', 'PaymentDeclined'], '0 of 1000']);
});
