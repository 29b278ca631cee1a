import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { aMessage, type Order, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

/** Is refused by the table, when the batch is written. */
const poison = (key: string) => aMessage(key, 1, { data: { n: 13 } });

test('promise 4: the first retry comes within 0.2 s', { skip }, async (t) => {
  const desk = await setUp(t);
  const handle = async () => {
    throw new Error('ill');
  };
  const consumer = desk.consumer(handle, { chance: () => 1 });
  desk.bus.deliver(aMessage('k', 1));
  await consumer.settled();
  const [parked] = await desk.db.query<{ attempts: number; ms: number }>(
    `select attempts, (100 * round(10 * extract(epoch from next_attempt_at - first_failed_at)))::int as ms
     from parked_messages`,
  );
  deepStrictEqual(parked, { attempts: 1, ms: 200 });
});

test('a retry comes when it is due, and not only with the next look at the parking lot', { skip }, async (t) => {
  const desk = await setUp(t);
  let ill = true;
  const consumer = desk.consumer(async (order: Order) => {
    if (ill) throw new Error('ill');
    await desk.note(order);
  });
  desk.bus.deliver(aMessage('k', 1));
  await consumer.settled();
  ill = false;
  desk.timers.advance(1);
  await desk.effectsBecome('k/1');
});

test('what is told of parked messages is told once, after the commit', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer(async (order: Order) => {
    if (order.subject === 'ill') throw new Error('ill');
    await desk.note(order);
  });
  desk.bus.deliver(aMessage('ill', 1), poison('bad'), aMessage('well', 1));
  await consumer.settled();
  deepStrictEqual(desk.parked.toSorted(), ['bad/1', 'ill/1']);
  deepStrictEqual(await desk.effects(), ['well/1']);
});

test('what waits for a message that spoils its batch is parked behind it at once', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(aMessage('bad', 2));
  await desk.untilHeld();
  desk.bus.deliver(poison('bad'), aMessage('well', 1));
  await desk.untilLot('bad/1 retrying', 'bad/2 waiting');
  await consumer.settled();
  deepStrictEqual([consumer.backlog, desk.bus.asked], [0, []]);
  deepStrictEqual(desk.bus.acknowledged.toSorted(), ['bad/1', 'bad/2', 'well/1']);
});
