import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import type { Delivery } from './bus.ts';
import { nameOf } from './hand-bus.fixtures.ts';
import { LocalBus } from './local-bus.ts';
import { placed, SOURCE, useMessaging } from './messaging.fixtures.ts';

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

test('schedule 2.4: what is sent again in repair or on demand is told to be so, and nothing else is', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const publisher = desk.publisher();
  await publisher.start();
  await desk.outbox((rows) => publisher.publish(rows)).add([1, 2, 3].map((n) => placed('k', n)));
  await eventually('they are published', () => desk.bus.published.length === 3);
  deepStrictEqual(desk.bus.repeated, []);
  await desk.bus.repair({ source: SOURCE, channel: 'shop.events', key: 'k', from: 2, to: 2 });
  deepStrictEqual(desk.bus.repeated.map(nameOf), ['k/2']);
  await publisher.republish(new Date(Date.now() - A_DAY_MS / 2));
  await eventually('all are sent again', () => desk.bus.published.length === 7);
  deepStrictEqual(desk.bus.repeated.map(nameOf), ['k/2', 'k/1', 'k/2', 'k/3']);
});

test('of a gap without measure its source sends as much as whoever has handled it may ask on from', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  await desk.publisher().start();
  await desk.db.execute(
    `insert into outbox (id, channel, key, sequence, type, time, data, context, published_at)
     select gen_random_uuid(), 'shop.events', 'k', n, 'shop.OrderPlaced.v1', now(), '{"n": 1}', '{}', now()
     from generate_series(1, 100000) n`,
  );
  strictEqual(await desk.bus.repair({ source: SOURCE, channel: 'shop.events', key: 'k', from: 11, to: 90_000 }), 11);
  await eventually('it is sent', () => desk.bus.published.length > 0);
  const names = desk.bus.published.map(nameOf);
  deepStrictEqual([names[0], names.length, names.at(-1)], ['k/11', 1_000, 'k/1010']);
});
