import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { DeadLetters } from './dead-letters.ts';
import { aMessage, type Desk, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

/** k/1 is handled; its source was restored since, and has given the number 1 to another message. */
async function aRestoredSource(desk: Desk) {
  const consumer = desk.consumer();
  desk.bus.deliver(aMessage('k', 1));
  await consumer.settled();
  const other = aMessage('k', 1, { data: { n: 31 } });
  desk.bus.deliver(other, aMessage('k', 2), aMessage('well', 1));
  await consumer.settled();
  const letters = new DeadLetters(desk.db);
  const [dead] = await letters.list({ limit: 1, status: 'dead' });
  return { consumer, other, letters, dead: dead! };
}

test('schedule 1.7: another message under the number of the last one is set aside, and its line waits behind it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const { consumer, other, dead } = await aRestoredSource(desk);
  deepStrictEqual(await desk.effects(), ['k/1', 'well/1']);
  deepStrictEqual(await desk.lot(), ['k/1 dead', 'k/2 waiting']);
  strictEqual(dead.error, 'DivergedError: Another message has had this number.');
  desk.bus.deliver(other, aMessage('k', 3));
  await consumer.settled();
  deepStrictEqual(await desk.lot(), ['k/1 dead', 'k/2 waiting', 'k/3 waiting']);
  strictEqual(consumer.backlog, 0);
});

test('schedule 1.7: giving up the message of the restored source lets its line go on', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, other, letters, dead } = await aRestoredSource(desk);
  await letters.discard(dead.id);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'well/1', 'k/2');
  desk.bus.deliver(other, aMessage('k', 3));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'well/1', 'k/2', 'k/3']);
  deepStrictEqual(await desk.lot(), []);
});

test('schedule 1.7: replaying the message of the restored source handles it once', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, other, letters, dead } = await aRestoredSource(desk);
  await letters.replay(dead.id);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'well/1', 'k/31', 'k/2');
  desk.bus.deliver(other, aMessage('k', 3));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'well/1', 'k/31', 'k/2', 'k/3']);
  deepStrictEqual(await desk.lot(), []);
});

for (const decision of ['replay', 'discard'] as const) {
  test(`schedule 1.7: after a ${decision} of the other message, both are known when they come again`, {
    skip,
  }, async (t) => {
    const desk = await setUp(t);
    const consumer = desk.consumer();
    const [first, original, other] = [aMessage('k', 1), aMessage('k', 2), aMessage('k', 2, { data: { n: 32 } })];
    desk.bus.deliver(first, original);
    await consumer.settled();
    desk.bus.deliver(other);
    await consumer.settled();
    const letters = new DeadLetters(desk.db);
    const [dead] = await letters.list({ limit: 1 });
    await letters[decision](dead!.id);
    desk.timers.advance(1_000);
    await desk.untilLot();
    const effects = await desk.effects();
    desk.bus.deliver(original, other, first);
    await consumer.settled();
    deepStrictEqual([await desk.lot(), await desk.effects()], [[], effects]);
    desk.bus.deliver(aMessage('k', 2, { data: { n: 33 } }));
    await consumer.settled();
    deepStrictEqual(await desk.lot(), ['k/2 dead']);
  });
}

test('schedule 1.7: the very message that was handled last is no other one when it comes again', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const message = aMessage('k', 1);
  desk.bus.deliver(message);
  await consumer.settled();
  desk.bus.deliver(message);
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot()], [['k/1'], []]);
});
