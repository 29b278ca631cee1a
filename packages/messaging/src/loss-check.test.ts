import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { type Outgoing, outgoing } from './message.ts';
import { type Desk, OrderAnswered, placed, useMessaging } from './messaging.fixtures.ts';
import type { Custody, Receipt } from './receipts.ts';
import type { Claim } from './replica.ts';
import { postgresMessageStorage } from './storage.ts';

const skip = databaseMissing;
const setUp = useMessaging();

interface Listeners {
  up: () => void;
  down: () => void;
  loss: () => void;
}

const listening = (listeners: Listeners): Pick<Custody, 'onUp' | 'onDown' | 'onLoss'> => ({
  onUp: (work) => {
    listeners.up = work;
    return () => {};
  },
  onDown: (work) => {
    listeners.down = work;
    return () => {};
  },
  onLoss: (work) => {
    listeners.loss = work;
    return () => {};
  },
});

/** A broker that numbers what it takes, and loses what the test likes. */
async function aForgetfulBroker(t: TestContext, options: Parameters<Desk['publisher']>[0] = {}) {
  const desk = await setUp(t);
  const kept = new Map<number, string>();
  const newest = new Map<string, Receipt>();
  const listeners: Listeners = { up: () => {}, down: () => {}, loss: () => {} };
  let asked = 0;
  const slow: { answer: (channel: string) => Promise<unknown> } = { answer: async () => {} };
  const custody: Custody = {
    newest: () => [...newest.values()],
    holds: async ({ channel, place, id }) => {
      asked += 1;
      const isHeld = kept.get(place) === id;
      await slow.answer(channel);
      return isHeld;
    },
    ...listening(listeners),
  };
  const published: string[] = [];
  desk.bus.onPublish = async (parcels) => {
    for (const { channel, message } of parcels) {
      const place = kept.size + 1;
      newest.set(channel, { channel, place, id: message.id });
      kept.set(place, message.id);
      published.push(`${message.subject}/${Number(message.sequence)}`);
    }
  };
  Object.assign(desk.bus, { custody });
  const publisher = desk.publisher({ receipts: postgresMessageStorage(desk.db).receipts, ...options });
  await publisher.start();
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  let count = 0;
  /** Says something, and waits until it is marked. */
  const say = async (message: Outgoing = placed('k', ++count), name = `k/${count}`): Promise<void> => {
    await outbox.add([message]);
    // Time passes as little as can be: what is to be noted depends on it.
    await eventually('it is published', () => publisher.inFlight > 0 && published.includes(name));
    await desk.db.query('select 1');
    desk.timers.advance(100);
    await eventually('it is marked', () => publisher.inFlight === 0);
  };
  const receipts = () => desk.db.query('select 1 from receipts').then(({ length }) => length);
  return { desk, kept, newest, published, listeners, slow, say, receipts, asked: () => asked };
}

const seconds = async (desk: Desk, count: number): Promise<void> => {
  for (let second = 0; second < count; second++) {
    desk.timers.advance(1_000);
    await desk.db.query('select 1');
  }
};

test('schedule 2.1: what a broker has lost is found within half a minute, though it was never away', {
  skip,
}, async (t) => {
  const { desk, kept, published, say, receipts } = await aForgetfulBroker(t);
  await say();
  await eventually('the first is noted', async () => {
    await seconds(desk, 1);
    return (await receipts()) === 1;
  });
  await say();
  await say();
  await eventually('the third is noted', async () => {
    await seconds(desk, 1);
    return (await receipts()) === 2;
  });
  kept.delete(3);
  kept.delete(2);
  strictEqual(published.length, 3);
  await eventually('all since the newest that is found, and a little more, is published again', async () => {
    await seconds(desk, 1);
    return published.length === 6;
  });
  match(String(desk.failures.at(-1)), /has lost what it had of shop.events after 1/);
  await seconds(desk, 60);
  strictEqual(published.length, 6, 'Once is enough.');
});

test('schedule 2.1: what a broker has lost is found as well where it has gone on since, as a stream that begins anew', {
  skip,
}, async (t) => {
  const { desk, kept, published, listeners, say, receipts, asked } = await aForgetfulBroker(t);
  await say();
  desk.timers.advance(1_000);
  await eventually('the first is noted and asked for', async () => (await receipts()) === 1 && asked() === 1);
  kept.clear();
  await say();
  listeners.down();
  await eventually('the second is noted', async () => (await receipts()) === 2);
  await eventually('what was lost is published again', async () => {
    await seconds(desk, 1);
    return published.filter((one) => one === 'k/1').length === 2;
  });
  match(String(desk.failures.at(-1)), /has lost what it had of shop.events/);
});

test('what was answered for last is noted when the broker is lost from sight, and asked for when it is back', {
  skip,
}, async (t) => {
  const { desk, kept, published, listeners, say, receipts, asked } = await aForgetfulBroker(t);
  await say();
  desk.timers.advance(1_000);
  await eventually('the first is noted', async () => (await receipts()) === 1);
  await say();
  await seconds(desk, 3);
  strictEqual(await receipts(), 1, 'One in ten seconds is noted.');
  listeners.down();
  await eventually('the last is noted', async () => (await receipts()) === 2);
  kept.clear();
  const before = asked();
  listeners.up();
  await eventually('all is published again', () => published.length === 4);
  deepStrictEqual([published.slice(2), asked() - before], [['k/1', 'k/2'], 2]);
});

test('what a broker shows to have lost is asked for at once, though it was never away', { skip }, async (t) => {
  const { desk, kept, published, listeners, say, receipts } = await aForgetfulBroker(t);
  await say();
  desk.timers.advance(1_000);
  await eventually('it is noted', async () => (await receipts()) === 1);
  kept.clear();
  listeners.loss();
  await eventually('it is published again', () => published.length === 2);
});

test('a broker that loses all once more while it is asked is asked once more', { skip }, async (t) => {
  const { desk, kept, published, listeners, say, receipts, slow, asked } = await aForgetfulBroker(t);
  await say();
  desk.timers.advance(1_000);
  await eventually('it is noted and asked for', async () => (await receipts()) === 1 && asked() === 1);
  const answered = Promise.withResolvers<void>();
  slow.answer = () => answered.promise;
  listeners.up();
  await eventually('it is asked', () => asked() === 2);
  kept.clear();
  listeners.up();
  answered.resolve();
  // Each time what is young is published again.
  await eventually('it was asked twice', () => published.filter((one) => one === 'k/1').length === 3);
});

test('a channel that is long in being asked for holds up no other', { skip }, async (t) => {
  const { desk, kept, published, listeners, say, receipts, slow } = await aForgetfulBroker(t);
  await say();
  await say(outgoing(OrderAnswered, 'answer', { n: 1 }), 'answer/1');
  await eventually('both are noted', async () => {
    await seconds(desk, 1);
    return (await receipts()) === 2;
  });
  kept.clear();
  const answered = Promise.withResolvers<void>();
  slow.answer = async (channel) => channel === 'shop.events' && answered.promise;
  listeners.up();
  await eventually('the other is published again', () => published.filter((one) => one === 'answer/1').length === 2);
  answered.resolve();
});

test('schedule 2.1: where no replica was here to see it, the broker counts as having been away', {
  skip,
}, async (t) => {
  const upkeep: { claim: Claim | undefined } = { claim: undefined };
  const { desk, kept, newest, published, say, receipts } = await aForgetfulBroker(t, { upkeep });
  await say();
  desk.timers.advance(1_000);
  await eventually('the first is noted', async () => (await receipts()) === 1);
  await say();
  // Who was answered for the second dies before it is noted, and with it the end of what the broker has.
  newest.clear();
  kept.delete(2);
  upkeep.claim = { name: 'upkeep', epoch: 1, isHeld: true, isOver: false, isAfterAbsence: true };
  desk.timers.advance(1_000);
  await eventually('all that may have been lost since then is published again', () => published.length === 4);
  deepStrictEqual(published.slice(2), ['k/1', 'k/2']);
});
