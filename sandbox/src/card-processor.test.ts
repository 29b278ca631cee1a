import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aSandbox, ask, dollars } from './sandbox.fixtures.ts';

test('tok_visa is charged, and the charge is found by its key', async (t) => {
  const clock = { now: () => new Date(0) };
  const { charge, findCharge, sandbox } = await aSandbox(t, { clock });
  const { status, body } = await charge('d1');
  deepStrictEqual([status, body], [201, { chargeId: 'ch_d1', status: 'accepted' }]);
  const at = '1970-01-01T00:00:00.000Z';
  deepStrictEqual((await findCharge('d1')).body, {
    idempotencyKey: 'd1',
    chargeId: 'ch_d1',
    status: 'accepted',
    amount: dollars,
    at,
  });
  deepStrictEqual(sandbox.read().charges, [{ idempotencyKey: 'd1', amount: dollars, count: 1, at }]);
});

test('a charge that was never asked for is not found', async (t) => {
  const { findCharge } = await aSandbox(t);
  strictEqual((await findCharge('d1')).status, 404);
});

test('the same key is answered alike and charged once', async (t) => {
  const { charge, sandbox } = await aSandbox(t);
  const answers = await Promise.all([charge('d1'), charge('d1'), charge('d1')]);
  for (const answer of answers) deepStrictEqual(answer, answers[0]);
  deepStrictEqual(
    sandbox.read().charges.map(({ count }) => count),
    [1],
  );
});

test('the same key for another charge is refused', async (t) => {
  const { charge, sandbox } = await aSandbox(t);
  await charge('d1');
  for (const other of [
    await charge('d1', 'tok_declined'),
    await charge('d1', 'tok_visa', { amount: 1, currency: 'USD' }),
    await charge('d1', 'tok_visa', { amount: 1299, currency: 'EUR' }),
  ]) {
    deepStrictEqual(other, { status: 422, body: { code: 'idempotency_key_reused' } });
  }
  strictEqual(sandbox.read().charges.length, 1);
});

test('tok_declined and cards that nobody knows are declined, again and again, and not charged', async (t) => {
  const { charge, sandbox, findCharge } = await aSandbox(t);
  for (const [key, token] of [
    ['d1', 'tok_declined'],
    ['d1', 'tok_declined'],
    ['d2', 'tok_unheard_of'],
  ] as const) {
    deepStrictEqual(await charge(key, token), { status: 402, body: { status: 'declined' } });
  }
  strictEqual(((await findCharge('d1')).body as { status: string }).status, 'declined');
  deepStrictEqual(sandbox.read().charges, []);
});

test('tok_slow is charged when it answers, once for all who ask meanwhile', async (t) => {
  const { charge, findCharge, sandbox } = await aSandbox(t, { slowCardMs: 100 });
  const first = charge('d1', 'tok_slow');
  const second = charge('d1', 'tok_slow');
  const other = charge('d1', 'tok_visa');
  strictEqual((await findCharge('d1')).status, 404);
  deepStrictEqual(await first, { status: 201, body: { chargeId: 'ch_d1', status: 'accepted' } });
  deepStrictEqual(await second, await first);
  strictEqual((await other).status, 422);
  deepStrictEqual(
    sandbox.read().charges.map(({ count }) => count),
    [1],
  );
});

test('tok_slow is charged although the one who asked has gone', async (t) => {
  const { sandbox, charge } = await aSandbox(t, { slowCardMs: 100 });
  const impatient = fetch(`${sandbox.cardProcessorUrl}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'd1' },
    body: JSON.stringify({ amount: dollars, cardToken: 'tok_slow' }),
    signal: AbortSignal.timeout(30),
  });
  await impatient.catch(() => {});
  strictEqual(sandbox.read().charges.length, 0);
  strictEqual((await charge('d1', 'tok_slow')).status, 201);
  strictEqual(sandbox.read().charges[0]?.count, 1);
});

test('a charge without a key or with an amount that is none is refused', async (t) => {
  const { sandbox, charge } = await aSandbox(t);
  const body = { amount: dollars, cardToken: 'tok_visa' };
  strictEqual((await ask('POST', `${sandbox.cardProcessorUrl}/charges`, { body })).status, 400);
  for (const amount of [
    { amount: 0, currency: 'USD' },
    { amount: 1.5, currency: 'USD' },
    { amount: 1, currency: 'usd' },
  ]) {
    strictEqual((await charge('d1', 'tok_visa', amount)).status, 400);
  }
  deepStrictEqual(sandbox.read().charges, []);
});
