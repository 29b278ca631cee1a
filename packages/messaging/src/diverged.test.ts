import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { UuidV7Ids } from '@ashlar/domain';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { DeadLetters } from './dead-letters.ts';
import { LocalBus } from './local-bus.ts';
import { aMessage, type Desk, placed, useMessaging } from './messaging.fixtures.ts';

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

/** The id of what was said so long after the first of these tests began. */
const saidAfter = (seconds: number) => new UuidV7Ids().next(BEGAN_MS + seconds * 1_000);
const BEGAN_MS = Date.now();

test('schedule 1.7: what a restored source numbers far below the mark is dropped, but not in silence', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const line = [1, 2, 3].map((n) => aMessage('k', n, { id: saidAfter(n) }));
  desk.bus.deliver(...line, ...line);
  desk.bus.deliver(aMessage('k', 2, { id: saidAfter(62) }), aMessage('k', 2, { id: randomUUID() }));
  await consumer.settled();
  deepStrictEqual(desk.numberedAgain, [], 'One comes again, one has lost a race, of one nobody knows its time.');
  desk.bus.deliver(aMessage('k', 1, { id: saidAfter(64) }), aMessage('k', 2, { id: saidAfter(65) }));
  await consumer.settled();
  deepStrictEqual(desk.numberedAgain, ['k/1', 'k/2']);
  deepStrictEqual([await desk.effects(), await desk.lot()], [['k/1', 'k/2', 'k/3'], []]);
});

test('schedule 1.7: a restored source whose counters were moved on loses nothing: its lines wait for an operator', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const bus = new LocalBus();
  const publisher = desk.publisher({ bus });
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  await publisher.start();
  desk.consumer(undefined, { bus });
  for (const n of [1, 2, 3]) await outbox.add([placed('k', n)]);
  await desk.effectsBecome('k/1', 'k/2', 'k/3');
  await desk.db.execute('delete from outbox where sequence > 1');
  await desk.db.execute('update outbox_keys set sequence = 1');
  await desk.db.execute('update outbox_keys set sequence = sequence + 1000000');
  await outbox.add([placed('k', 4), placed('new', 1)]);
  await outbox.add([placed('k', 5)]);
  await eventually('they wait', async () => {
    desk.timers.advance(1_000);
    return (await desk.lot()).length === 2;
  });
  deepStrictEqual(await desk.lot(), ['k/1000002 waiting', 'k/1000003 waiting']);
  const [, first] = await new DeadLetters(desk.db).list({ limit: 2 });
  await new DeadLetters(desk.db).replay(first!.id);
  await eventually('they are handled', async () => {
    desk.timers.advance(1_000);
    return (await desk.lot()).length === 0;
  });
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2', 'k/3', 'new/1', 'k/4', 'k/5']);
});
