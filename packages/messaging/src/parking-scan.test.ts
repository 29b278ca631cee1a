import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import type { Consumer } from './consumer.ts';
import { aMessage, type Desk, type Order, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

/** 13 is refused by the table. */
const aLongOne = (sequence: number) => aMessage('long', sequence, { data: { n: 100 + sequence } });
const upTo = (length: number) => Array.from({ length }, (_, index) => index + 1);
const effectsUpTo = (length: number) => upTo(length).map((sequence) => `long/${100 + sequence}`);

/** The whole line `long` is parked, and ready to drain; `onDraining` sees each of its messages then. */
async function aParkedLine(
  desk: Desk,
  length: number,
  onDraining: (sequence: number) => void = () => {},
): Promise<Consumer> {
  let ill = true;
  const consumer = desk.consumer(async (order: Order) => {
    if (ill) throw new Error('ill');
    if (order.subject === 'long') onDraining(order.data.n - 100);
    await desk.note(order);
  });
  desk.bus.deliver(...upTo(length).map(aLongOne));
  await consumer.settled();
  strictEqual((await desk.lot()).length, length);
  ill = false;
  return consumer;
}

test('promise 4: a long line that drains does not hold up a fresh message of another key', { skip }, async (t) => {
  const desk = await setUp(t);
  await aParkedLine(desk, 350, (n) => n === 5 && desk.bus.deliver(aMessage('fresh', 1)));
  await desk.timePasses();
  await eventually('all is handled', async () => (await desk.effects()).length === 351);
  const effects = await desk.effects();
  ok(effects.indexOf('fresh/1') <= 100, `It was handled after ${effects.indexOf('fresh/1')} parked messages.`);
  deepStrictEqual(
    effects.filter((effect) => effect !== 'fresh/1'),
    effectsUpTo(350),
  );
});

test('stop() does not wait for a long line to drain; the next instance goes on where it stood', { skip }, async (t) => {
  const desk = await setUp(t);
  let stopping: Promise<void> | undefined;
  const consumer = await aParkedLine(desk, 50, (n) => {
    if (n === 5) stopping = consumer.stop();
  });
  await desk.timePasses();
  await eventually('it is told to stop', () => stopping !== undefined);
  await stopping;
  strictEqual((await desk.effects()).length, 5);
  const next = desk.consumer();
  await desk.untilLot();
  desk.bus.deliver(aLongOne(51));
  await next.settled();
  deepStrictEqual(await desk.effects(), effectsUpTo(51));
});

test('the line is open again in the transaction that takes its last message out of the parking lot', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  let stopping: Promise<void> | undefined;
  const consumer = await aParkedLine(desk, 3, (n) => {
    if (n === 3) stopping = consumer.stop();
  });
  await desk.timePasses();
  await eventually('it is told to stop', () => stopping !== undefined);
  await stopping;
  deepStrictEqual(await desk.lot(), []);
  deepStrictEqual(await desk.db.query('select sequence, parked from inbox'), [{ sequence: 3, parked: false }]);
});

test('stop() resolves when the batch at hand is finished', { skip }, async (t) => {
  const desk = await setUp(t);
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const consumer = desk.consumer(async (order: Order) => {
    begun.resolve();
    await gate.promise;
    await desk.note(order);
  });
  desk.bus.deliver(aMessage('k', 1));
  await begun.promise;
  let isStopped = false;
  const stopping = consumer.stop().then(() => {
    isStopped = true;
  });
  await desk.db.query('select 1');
  strictEqual(isStopped, false);
  gate.resolve();
  await stopping;
  deepStrictEqual([await desk.effects(), desk.bus.acknowledged], [['k/1'], ['k/1']]);
});
