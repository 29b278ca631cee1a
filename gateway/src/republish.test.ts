import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { aService, aShop, withStatus } from './shop.fixtures.ts';

test('a service is asked to say again what it has said, and its refusal is told', async (t) => {
  const [since, before] = ['2026-01-31T12:00:00.000Z', '2020-01-01T00:00:00.000Z'];
  const refused = { title: 'Conflict', status: 409, code: 'beyond_retention', detail: '3 messages are gone.' };
  const order = await aService(t, {
    [`POST /ops/events/republish?since=${encodeURIComponent(since)}`]: withStatus(202, { since, messages: 3 }),
    [`POST /ops/events/republish?since=${encodeURIComponent(before)}`]: withStatus(409, refused),
  });
  const { asAdmin } = await aShop(t, { order: order.url });
  const republish = (service: string, time: string) =>
    asAdmin(`POST /ops/events/republish?service=${service}&since=${encodeURIComponent(time)}`);
  const done = await republish('order', since);
  deepStrictEqual([done.status, done.body], [202, { service: 'order', since, messages: 3 }]);
  const told = await republish('order', before);
  deepStrictEqual([told.status, told.body.code, told.body.detail], [409, 'beyond_retention', '3 messages are gone.']);
  strictEqual((await republish('nobody', since)).status, 404);
});
