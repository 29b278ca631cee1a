import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import type { Delivery } from './bus.ts';
import { nameOf } from './hand-bus.fixtures.ts';
import { LocalBus } from './local-bus.ts';
import { placed, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const MANY = 2_345;
const A_DAY_MS = 86_400_000;

test('promise 1: more than a page is sent again whole, to a consumer that is new and to an operator who asks', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const bus = new LocalBus();
  const publisher = desk.publisher({ bus });
  await publisher.start();
  await desk.outbox().add(Array.from({ length: MANY }, (_, n) => placed('k', n)));
  await desk.db.execute('update outbox set published_at = clock_timestamp()');
  const heard: string[] = [];
  const all = Array.from({ length: MANY }, (_, n) => `k/${n + 1}`);
  const deliver = (delivery: Delivery) => {
    heard.push(nameOf(delivery));
    delivery.ack();
  };
  bus.subscribe({ consumer: 'newcomer', channels: ['shop.events'], deliver });
  await bus.replay('shop.events');
  deepStrictEqual(heard.splice(0), all);
  strictEqual(await publisher.republish(new Date(Date.now() - A_DAY_MS / 2)), MANY);
  await eventually('all are sent again', () => heard.length === MANY);
  deepStrictEqual(heard, all);
});
