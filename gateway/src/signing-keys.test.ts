import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aService, aShop, withStatus } from './shop.fixtures.ts';

const ROTATION = 'POST /ops/signing-keys/rotation';

test('an administrator has the user service sign with another key, and nobody else does', async (t) => {
  const rotated = { kid: 'k2', signsFrom: '2026-01-31T12:01:30.000Z' };
  const user = await aService(t, { [ROTATION]: withStatus(201, rotated) });
  const { asAdmin, ask } = await aShop(t, { user: user.url });
  strictEqual((await ask('/ops/signing-keys/rotation', { method: 'POST' })).status, 401);
  deepStrictEqual(user.seen.includes(ROTATION), false);
  const done = await asAdmin(ROTATION);
  deepStrictEqual([done.status, done.body], [201, rotated]);
});

test('a user service that is away is told', async (t) => {
  const user = await aService(t);
  user.goAway();
  const { asAdmin } = await aShop(t, { user: user.url });
  strictEqual((await asAdmin(ROTATION)).status, 503);
});
