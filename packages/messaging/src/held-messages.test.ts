import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aMessage, messages, SOURCE, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const line = { source: SOURCE, channel: 'shop.events', key: 'k' };

test('promise 3: a message that is ahead waits, unacknowledged, for its predecessors', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(aMessage('k', 3), aMessage('k', 2), aMessage('other', 1));
  await desk.effectsBecome('other/1');
  await eventually('it is acknowledged', () => desk.bus.acknowledged.length > 0);
  deepStrictEqual([desk.bus.acknowledged, consumer.backlog], [['other/1'], 2]);
  desk.bus.deliver(aMessage('k', 1));
  await desk.effectsBecome('other/1', 'k/1', 'k/2', 'k/3');
  deepStrictEqual(desk.bus.asked, []);
});

test('schedule 2.2: after a second the source is asked for the gap, and only for the gap', { skip }, async (t) => {
  const desk = await setUp(t);
  desk.consumer();
  desk.bus.onAsked = async ({ from, to }) => {
    desk.bus.deliver(...messages('k', to).slice(from - 1));
    return 1;
  };
  desk.bus.deliver(aMessage('k', 1), aMessage('k', 4));
  await desk.effectsBecome('k/1');
  await desk.untilHeld();
  desk.timers.advance(999);
  deepStrictEqual(desk.bus.asked, []);
  desk.timers.advance(1);
  await desk.effectsBecome('k/1', 'k/2', 'k/3', 'k/4');
  deepStrictEqual(desk.bus.asked, [{ ...line, from: 2, to: 3 }]);
});

test('two gaps in one line are asked for one after the other', { skip }, async (t) => {
  const desk = await setUp(t);
  desk.consumer();
  desk.bus.onAsked = async ({ to }) => {
    desk.bus.deliver(aMessage('k', to));
    return 1;
  };
  desk.bus.deliver(aMessage('k', 2), aMessage('k', 4));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/2');
  await desk.untilHeld();
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/2', 'k/3', 'k/4');
});

test('schedule 1.5: a gap that nobody fills in time spills to the parking lot, and drains in order when it is filled', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.onAsked = async () => 1;
  desk.bus.deliver(aMessage('k', 3), aMessage('k', 4));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  desk.timers.advance(1_000);
  await desk.untilLot('k/3 waiting', 'k/4 waiting');
  await eventually('they are acknowledged', () => desk.bus.acknowledged.length === 2);
  strictEqual(consumer.backlog, 0);
  desk.bus.deliver(aMessage('k', 2));
  await desk.untilLot('k/2 waiting', 'k/3 waiting', 'k/4 waiting');
  desk.bus.deliver(aMessage('k', 1));
  await eventually('the first is parked, too', () => desk.bus.acknowledged.length === 4);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/2', 'k/3', 'k/4');
  desk.bus.deliver(aMessage('k', 5));
  await consumer.settled();
  deepStrictEqual([(await desk.effects()).at(-1), await desk.lot()], ['k/5', []]);
});

test('schedule 3.3: a line that this consumer has never seen starts where its source still can', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.onAsked = async () => 5;
  desk.bus.deliver(aMessage('k', 5), aMessage('k', 6));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/5', 'k/6');
  desk.bus.deliver(aMessage('k', 4));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/5', 'k/6']);
});

test('schedule 3.3: the lower of two that race to an unknown line is not lost', { skip }, async (t) => {
  const desk = await setUp(t);
  desk.consumer();
  desk.bus.onAsked = async ({ to }) => {
    desk.bus.deliver(aMessage('k', to));
    return 6;
  };
  desk.bus.deliver(aMessage('k', 7));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/6', 'k/7');
});

test('a line that is known never jumps to the floor: what is missing blocks it, visibly', { skip }, async (t) => {
  const desk = await setUp(t);
  desk.consumer();
  desk.bus.onAsked = async () => 3;
  desk.bus.deliver(aMessage('k', 1));
  await desk.effectsBecome('k/1');
  desk.bus.deliver(aMessage('k', 3));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  desk.timers.advance(1_000);
  await desk.untilLot('k/3 waiting');
  deepStrictEqual(await desk.effects(), ['k/1']);
});

test('a source that answers only after the spill still gets its line going', { skip }, async (t) => {
  const desk = await setUp(t);
  desk.consumer();
  const answer = Promise.withResolvers<number>();
  desk.bus.onAsked = () => answer.promise;
  desk.bus.deliver(aMessage('k', 5));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  desk.timers.advance(1_000);
  await desk.untilLot('k/5 waiting');
  answer.resolve(5);
  await eventually('the line has started', async () => {
    desk.timers.advance(1_000);
    return (await desk.effects()).length === 1;
  });
  await desk.untilLot();
});

test('a late floor does not skip a poison message that is parked below it', { skip }, async (t) => {
  const desk = await setUp(t);
  const answer = Promise.withResolvers<number>();
  desk.bus.onAsked = () => answer.promise;
  desk.consumer(async () => {
    throw new Error('poison');
  });
  desk.bus.deliver(aMessage('k', 2));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  desk.bus.deliver(aMessage('k', 1));
  await desk.untilLot('k/1 retrying', 'k/2 waiting');
  answer.resolve(2);
  await desk.timePasses();
  await eventually('the first was tried again', async () => (await attempts(desk.db)) > 1);
  deepStrictEqual(await desk.lot(), ['k/1 retrying', 'k/2 waiting']);
});

test('a source that cannot be asked is told of, and the message spills', { skip }, async (t) => {
  const desk = await setUp(t);
  desk.consumer();
  desk.bus.deliver(aMessage('k', 2));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  await eventually('the failure is told', () => desk.failures.length === 1);
  match(String(desk.failures[0]), /Nobody answers for \/services\/shop/);
  desk.timers.advance(1_000);
  await desk.untilLot('k/2 waiting');
});

test('what spills while the database is away is not forgotten', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.onAsked = async () => 5;
  desk.bus.deliver(aMessage('k', 5), aMessage('j', 2));
  await desk.untilHeld(2);
  await desk.server.admit(false);
  desk.timers.advance(1_000);
  desk.timers.advance(1_000);
  await eventually('the consumer has noticed', () => desk.failures.length > 0);
  await desk.server.admit(true);
  await eventually('the line with a floor has started, the other is parked', async () => {
    desk.timers.advance(200);
    return consumer.backlog === 0 && (await desk.effects()).join() === 'k/5' && desk.bus.acknowledged.length > 1;
  });
  deepStrictEqual(desk.bus.acknowledged.sort(), ['j/2', 'k/5']);
});

test('what is held twice is acknowledged twice', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(aMessage('k', 2), aMessage('k', 2));
  await desk.untilHeld();
  desk.bus.deliver(aMessage('k', 1));
  await consumer.settled();
  deepStrictEqual(desk.bus.acknowledged, ['k/1', 'k/2', 'k/2']);
});

test('what is held is bounded: past 1,000 messages they spill', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(...messages('many', 991).slice(1), ...messages('k', 12).slice(1));
  const spilled = messages('k', 12)
    .slice(1)
    .map((_, index) => `k/${index + 2}`);
  await eventually('the last line is spilled', () => desk.bus.acknowledged.length === 11);
  deepStrictEqual([desk.bus.acknowledged, consumer.backlog], [spilled, 990]);
});

async function attempts(db: { query(sql: string): Promise<Record<string, unknown>[]> }): Promise<number> {
  const [row] = await db.query(`select attempts from parked_messages where sequence = 1`);
  return Number(row?.['attempts']);
}
