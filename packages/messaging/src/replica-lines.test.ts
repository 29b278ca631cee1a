import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { HandBus } from './hand-bus.fixtures.ts';
import { aMessage, messages, placed, realTimers, useMessaging } from './messaging.fixtures.ts';
import type { Claim, Duty } from './replica.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const aClaim = (name: string) => ({ name, epoch: 1, isHeld: true, isOver: false, isAfterAbsence: false });

test('what another replica has handled is reached here as well', { skip }, async (t) => {
  const desk = await setUp(t);
  const here = desk.consumer(undefined, { bus: new HandBus(), timers: realTimers });
  const line = { channel: 'shop.events', key: 'k' };
  let isReached = false;
  const reaching = here.reached(line, 2).then(() => {
    isReached = true;
  });
  desk.consumer(undefined, { db: desk.pool() });
  desk.bus.deliver(aMessage('k', 1));
  await desk.effectsBecome('k/1');
  strictEqual(isReached, false);
  desk.bus.deliver(aMessage('k', 2));
  await reaching;
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2']);
});

test('what is given up to another replica is neither handled here nor waited for', { skip }, async (t) => {
  const desk = await setUp(t);
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const consumer = desk.consumer(async (order) => {
    entered.resolve();
    if (order.subject === 'slow') await gate.promise;
    await desk.note(order);
  });
  const claim = { ...aClaim('p1'), isOver: false };
  const keeps: Claim = aClaim('p2');
  desk.bus.deliverFor(claim, aMessage('slow', 1));
  await entered.promise;
  desk.bus.deliverFor(claim, aMessage('queued', 1), aMessage('ahead', 2));
  desk.bus.deliverFor(keeps, aMessage('kept', 1));
  claim.isOver = true;
  let isGivenUp = false;
  const givingUp = desk.bus.withdraw().then(() => {
    isGivenUp = true;
  });
  await desk.db.query('select 1');
  strictEqual(isGivenUp, false, 'The batch at hand is still being handled.');
  gate.resolve();
  await givingUp;
  await consumer.settled();
  deepStrictEqual([await desk.effects(), consumer.backlog, consumer.late.messages], [['slow/1', 'kept/1'], 0, 0]);
  deepStrictEqual(desk.bus.acknowledged, ['slow/1', 'kept/1']);
});

test('what waits here for its predecessors goes with its line to another replica', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const claim = aClaim('p1');
  desk.bus.deliverFor(claim, aMessage('k', 3), aMessage('k', 2));
  await desk.untilHeld();
  claim.isOver = true;
  await desk.bus.withdraw();
  deepStrictEqual([consumer.backlog, desk.timers.waiting], [0, 0]);
  desk.timers.advance(5_000);
  desk.bus.deliverFor(aClaim('p1'), ...messages('k', 3));
  await desk.effectsBecome('k/1', 'k/2', 'k/3');
  deepStrictEqual(desk.bus.asked, []);
});

test('schedule 5.7: settled means handled by all replicas, not only by this one', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const elsewhere = Promise.withResolvers<void>();
  desk.bus.caughtUp = elsewhere.promise;
  let isSettled = false;
  const settling = consumer.settled().then(() => {
    isSettled = true;
  });
  desk.bus.deliver(aMessage('k', 1));
  await desk.effectsBecome('k/1');
  strictEqual(isSettled, false);
  elsewhere.resolve();
  await settling;
});

test('of two replicas the one with the duty sweeps and purges', { skip }, async (t) => {
  const desk = await setUp(t);
  const duty: { claim: Claim | undefined } = { claim: undefined };
  await desk.outbox().add([placed('left', 1)]);
  const publisher = desk.publisher({ upkeep: duty satisfies Duty, sweepAfterMs: 0 });
  await publisher.start();
  desk.timers.advance(3_000);
  await desk.db.query('select 1');
  strictEqual(desk.bus.published.length, 0);
  duty.claim = aClaim('upkeep');
  publisher.sweepSoon();
  await eventually('it is published', () => desk.bus.published.length === 1);
  await desk.outbox().add([placed('left', 2)]);
  desk.timers.advance(1_000);
  await eventually('the next one, too', () => desk.bus.published.length === 2);
});
