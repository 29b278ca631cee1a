import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { type Desk, placed, useMessaging } from './messaging.fixtures.ts';
import type { Custody, Receipt } from './receipts.ts';
import { postgresMessageStorage } from './storage.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const listening = (listeners: { up: () => void; down: () => void }): Pick<Custody, 'onUp' | 'onDown'> => ({
  onUp: (work) => {
    listeners.up = work;
    return () => {};
  },
  onDown: (work) => {
    listeners.down = work;
    return () => {};
  },
});

/** A broker that numbers what it takes, and loses what the test likes. */
async function aForgetfulBroker(t: TestContext) {
  const desk = await setUp(t);
  const kept = new Map<number, string>();
  let newest: Receipt | undefined;
  const listeners = { up: () => {}, down: () => {} };
  let asked = 0;
  const custody: Custody = {
    newest: () => (newest ? [newest] : []),
    holds: async ({ place, id }) => {
      asked += 1;
      return kept.get(place) === id;
    },
    ...listening(listeners),
  };
  const published: string[] = [];
  desk.bus.onPublish = async (parcels) => {
    for (const { channel, message } of parcels) {
      newest = { channel, place: kept.size + 1, id: message.id };
      kept.set(newest.place, message.id);
      published.push(`${message.subject}/${Number(message.sequence)}`);
    }
  };
  Object.assign(desk.bus, { custody });
  const publisher = desk.publisher({ receipts: postgresMessageStorage(desk.db).receipts });
  await publisher.start();
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  let count = 0;
  return {
    desk,
    kept,
    published,
    listeners,
    asked: () => asked,
    receipts: () => desk.db.query('select 1 from receipts').then(({ length }) => length),
    /** Says something, and waits until it is marked. */
    async say(): Promise<void> {
      const n = ++count;
      await outbox.add([placed('k', n)]);
      // Time passes as little as can be: what is to be noted depends on it.
      await eventually('it is published', () => publisher.inFlight > 0 && published.includes(`k/${n}`));
      await desk.db.query('select 1');
      desk.timers.advance(100);
      await eventually('it is marked', () => publisher.inFlight === 0);
    },
  };
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
