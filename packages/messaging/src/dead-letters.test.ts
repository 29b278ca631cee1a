import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError, UuidV7Ids } from '@ashlar/domain';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { DeadLetters } from './dead-letters.ts';
import { aMessage, type Desk, messages, type Order, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();
const unknownId = new UuidV7Ids().next();

/** Three messages of one key, the first of them dead. */
async function aDeadKey(desk: Desk) {
  const refused = new Set([1]);
  const consumer = desk.consumer(async (order: Order) => {
    if (refused.has(order.data.n)) throw new DomainError('no', 'invalid', 'It is refused.');
    await desk.note(order);
  });
  desk.bus.deliver(...messages('k', 3));
  await consumer.settled();
  deepStrictEqual(await desk.lot(), ['k/1 dead', 'k/2 waiting', 'k/3 waiting']);
  const letters = new DeadLetters(desk.db);
  const idOf = async (sequence: number) =>
    (await letters.list({ limit: 10 })).find((letter) => letter.sequence === sequence)!.id;
  return { consumer, letters, refused, idOf };
}

test('a replayed message is handled, and those behind it follow in order', { skip }, async (t) => {
  const desk = await setUp(t);
  const { letters, refused, idOf } = await aDeadKey(desk);
  refused.clear();
  strictEqual(await letters.replay(await idOf(1)), true);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/2', 'k/3');
  await desk.untilLot();
});

test('a replayed message that is refused again is dead again, with a new count of tries', { skip }, async (t) => {
  const desk = await setUp(t);
  const { letters, idOf } = await aDeadKey(desk);
  const id = await idOf(1);
  await letters.replay(id);
  deepStrictEqual((await letters.find(id))?.status, 'retrying');
  desk.timers.advance(1_000);
  await desk.untilLot('k/1 dead', 'k/2 waiting', 'k/3 waiting');
  strictEqual((await letters.find(id))?.attempts, 1);
});

test('what was given up is not told any more, though nobody has moved the line on yet', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, letters, idOf } = await aDeadKey(desk);
  await consumer.stop();
  const id = await idOf(1);
  strictEqual(await letters.discard(id), true);
  const told = (await letters.list({ limit: 10 })).map(({ sequence }) => sequence);
  deepStrictEqual([told, await letters.find(id)], [[3, 2], undefined]);
  for (const again of [letters.discard(id), letters.replay(id)]) strictEqual(await again, false);
  deepStrictEqual(await desk.lot(), ['k/1 discarded', 'k/2 waiting', 'k/3 waiting']);
});

test('a discarded head is given up, and those behind it follow in order', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, letters, idOf } = await aDeadKey(desk);
  strictEqual(await letters.discard(await idOf(1)), true);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/2', 'k/3');
  await desk.untilLot();
  desk.bus.deliver(aMessage('k', 1), aMessage('k', 4));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/2', 'k/3', 'k/4']);
});

test('a discarded message that is not the head is skipped when its turn comes', { skip }, async (t) => {
  const desk = await setUp(t);
  const { letters, refused, idOf } = await aDeadKey(desk);
  const [first, second] = [await idOf(1), await idOf(2)];
  await letters.discard(second);
  desk.timers.advance(1_000);
  await desk.untilLot('k/1 dead', 'k/2 discarded', 'k/3 waiting');
  strictEqual(await letters.find(second), undefined);
  refused.clear();
  await letters.replay(first);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/3');
  await desk.untilLot();
});

test('who discards a message while it is being replayed hears what became of it', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, letters, idOf } = await aDeadKey(desk);
  const [id, third] = [await idOf(1), await idOf(3)];
  await consumer.stop();
  const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  desk.consumer(async (order: Order) => {
    entered.resolve();
    await gate.promise;
    await desk.note(order);
  });
  await letters.replay(id);
  desk.timers.advance(1_000);
  await entered.promise;
  const discarded = letters.discard(id);
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await eventually('the operator waits', async () => (await desk.db.query(waiting)).length > 0);
  gate.resolve();
  strictEqual(await discarded, false, 'It has been handled.');
  await desk.untilLot();
  strictEqual((await desk.effects())[0], 'k/1');
  strictEqual(await letters.find(third), undefined);
});

test('messages of the key that arrive during a replay queue behind it', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, letters, refused, idOf } = await aDeadKey(desk);
  refused.clear();
  await letters.replay(await idOf(1));
  desk.bus.deliver(aMessage('k', 4), aMessage('k', 5));
  desk.timers.advance(1_000);
  desk.bus.deliver(aMessage('k', 6));
  await consumer.settled();
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/2', 'k/3', 'k/4', 'k/5', 'k/6');
  await desk.untilLot();
});

test('a message behind the head can be replayed without overtaking it', { skip }, async (t) => {
  const desk = await setUp(t);
  const { letters, refused, idOf } = await aDeadKey(desk);
  const first = await idOf(1);
  await letters.replay(await idOf(2));
  desk.timers.advance(1_000);
  await desk.untilLot('k/1 dead', 'k/2 retrying', 'k/3 waiting');
  refused.clear();
  await letters.replay(first);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/2', 'k/3');
});

test('what does not exist, or is no longer there, cannot be replayed or discarded', { skip }, async (t) => {
  const desk = await setUp(t);
  const { letters, idOf } = await aDeadKey(desk);
  const id = await idOf(2);
  strictEqual(await letters.replay(unknownId), false);
  strictEqual(await letters.discard(unknownId), false);
  await letters.discard(id);
  strictEqual(await letters.replay(id), false, 'A discarded message is gone for the operator.');
});

test('dead letters are listed newest first, filtered and in pages', { skip }, async (t) => {
  const desk = await setUp(t);
  const { letters } = await aDeadKey(desk);
  const numbers = (list: readonly { sequence: number }[]) => list.map(({ sequence }) => sequence);
  const all = await letters.list({ limit: 10 });
  deepStrictEqual(numbers(all), [3, 2, 1]);
  deepStrictEqual(numbers(await letters.list({ limit: 2 })), [3, 2]);
  deepStrictEqual(numbers(await letters.list({ limit: 2, cursor: all[1]!.id })), [1]);
  deepStrictEqual(numbers(await letters.list({ limit: 10, status: 'dead' })), [1]);
  deepStrictEqual(await letters.list({ limit: 10, consumer: 'nobody' }), []);
  strictEqual((await letters.find(all[2]!.id))?.message.type, 'shop.OrderPlaced.v1');
});
