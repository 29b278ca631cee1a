import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { Arrivals } from './arrivals.ts';
import { ManualTimers } from './manual-timers.fixtures.ts';
import type { Parcel } from './message.ts';
import { aMessage, type Order, OrderPlaced, OrderViewed, useMessaging } from './messaging.fixtures.ts';
import { on } from './subscription.ts';

const skip = databaseMissing;
const setUp = useMessaging();
const line = { channel: 'shop.events', key: 'k' };

/** Nobody reacts to it. */
const viewed = (key: string, sequence: number) => aMessage(key, sequence, { contract: OrderViewed, data: {} });

/** A consumer that is interested in orders from 100 on, and counts its transactions. */
async function aPickyDesk(t: Parameters<typeof setUp>[0]) {
  const desk = await setUp(t);
  const commits = { count: 0 };
  const beforeCommit = () => {
    commits.count += 1;
  };
  const db = desk.pool({ beforeCommit });
  const handle = (order: Order) => desk.note(order, { db });
  const subscriptions = [on(OrderPlaced, handle, { when: ({ n }) => n >= 100 })];
  const consumer = desk.consumer(undefined, { db, definition: { name: 'desk', subscriptions } });
  desk.bus.deliver(aMessage('first', 1, { data: { n: 100 } }));
  await consumer.settled();
  commits.count = desk.bus.acknowledged.length = 0;
  /** What was handled would have left its trace by now. */
  const looksIdle = async () => {
    for (let look = 0; look < 5; look++) await desk.db.query('select 1');
    return commits.count === 0 && desk.bus.acknowledged.length === 0;
  };
  return { desk, consumer, commits, looksIdle };
}

test('messages that nobody reacts to wait a moment for company, and move their marks in one transaction', {
  skip,
}, async (t) => {
  const { desk, consumer, commits, looksIdle } = await aPickyDesk(t);
  desk.bus.deliver(viewed('k', 1), viewed('j', 1), aMessage('k', 2), aMessage('k', 3));
  desk.timers.advance(99);
  strictEqual(await looksIdle(), true);
  strictEqual(consumer.backlog, 4);
  desk.timers.advance(1);
  await eventually('all are acknowledged', () => desk.bus.acknowledged.length === 4);
  deepStrictEqual([commits.count, await desk.effects()], [1, ['first/100']]);
  desk.bus.deliver(viewed('k', 4));
  desk.timers.advance(100);
  await eventually('the next one waits for a moment of its own', () => desk.bus.acknowledged.length === 5);
});

test('a message that concerns the consumer takes with it those that wait', { skip }, async (t) => {
  const { desk, commits, looksIdle } = await aPickyDesk(t);
  desk.bus.deliver(viewed('k', 1), aMessage('k', 2), viewed('j', 1));
  strictEqual(await looksIdle(), true);
  desk.bus.deliver(aMessage('k', 3, { data: { n: 100 } }));
  await eventually('all are acknowledged', () => desk.bus.acknowledged.length === 4);
  deepStrictEqual([commits.count, await desk.effects()], [1, ['first/100', 'k/100']]);
});

test('data that break their contract concern the consumer: they are looked at, and parked', { skip }, async (t) => {
  const { desk } = await aPickyDesk(t);
  desk.bus.deliver(aMessage('k', 1, { data: { n: 'one' } }));
  await desk.untilLot('k/1 dead');
});

test('a message does not wait for company when somebody waits for it', { skip }, async (t) => {
  const { desk, consumer, looksIdle } = await aPickyDesk(t);
  desk.bus.deliver(viewed('k', 1));
  strictEqual(await looksIdle(), true);
  await consumer.reached(line, 1);
  const reached = consumer.reached(line, 2);
  for (let look = 0; look < 5; look++) await desk.db.query('select 1');
  desk.bus.deliver(viewed('k', 2));
  await eventually('it is acknowledged', () => desk.bus.acknowledged.length === 2);
  await reached;
  desk.bus.deliver(viewed('k', 3));
  await consumer.settled();
  deepStrictEqual(desk.bus.acknowledged, ['k/1', 'k/2', 'k/3']);
});

test('a full batch waits for nobody', { skip }, async (t) => {
  const { desk, commits } = await aPickyDesk(t);
  desk.bus.deliver(...Array.from({ length: 150 }, (_, index) => viewed('k', index + 1)));
  await eventually('the first hundred are acknowledged', () => desk.bus.acknowledged.length >= 100);
  await eventually('the others follow', () => desk.bus.acknowledged.length === 150);
  strictEqual(commits.count, 2);
});

const delivery = (parcel: Parcel) => ({ ...parcel, ack: () => {} });

test('when everything was taken before the moment is over, nothing is due, and nobody works in vain', () => {
  const timers = new ManualTimers();
  let worked = 0;
  const arrivals: Arrivals = new Arrivals({
    timers,
    isUrgent: () => false,
    work: () => {
      worked += 1;
    },
  });
  arrivals.receive(delivery(viewed('k', 1)));
  deepStrictEqual([arrivals.isDue, worked], [false, 0]);
  strictEqual(arrivals.take().length, 1);
  timers.advance(100);
  deepStrictEqual([arrivals.isDue, arrivals.length, timers.waiting], [false, 0, 0]);
  arrivals.receive(delivery(viewed('k', 2)));
  timers.advance(100);
  deepStrictEqual([arrivals.isDue, worked], [true, 2]);
});
