import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually, PostgresDatabase, UnknownCommitError } from '@ashlar/postgres';
import { outgoing, type Parcel } from './message.ts';
import {
  aMessage,
  messages,
  type Order,
  OrderAnswered,
  OrderViewed,
  realTimers,
  seeded,
  shuffled,
  useMessaging,
} from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();
const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);

test('promises 2 and 3: delivered thrice and in any order, each message is handled once, in the order of its key', {
  skip,
}, async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const all = keys.flatMap((key) => messages(key, 10));
  desk.bus.deliver(...shuffled([...all, ...all, ...all], seeded(seed)));
  await consumer.settled();
  for (const key of keys) {
    deepStrictEqual(
      await desk.effects(`key = '${key}'`),
      messages(key, 10).map((_, index) => `${key}/${index + 1}`),
    );
  }
  strictEqual((await desk.effects()).length, all.length);
  strictEqual(desk.bus.acknowledged.length, 3 * all.length);
  deepStrictEqual([await desk.lot(), consumer.backlog, desk.failures], [[], 0, []]);
});

test('promise 2: two replicas that are given the same messages handle each once', { skip }, async (t) => {
  const desk = await setUp(t);
  const other = desk.pool();
  const both = Promise.withResolvers<void>();
  const inside = new Set<unknown>();
  const meet = (db: PostgresDatabase) => async (order: Order) => {
    if (inside.add(db).size === 2) both.resolve();
    await both.promise;
    await desk.note(order, { db });
  };
  const one = desk.consumer(meet(desk.db));
  const two = desk.consumer(meet(other), { db: other });
  desk.bus.deliver(...keys.flatMap((key) => messages(key, 5)));
  await Promise.all([one.settled(), two.settled()]);
  strictEqual((await desk.effects()).length, 100);
  for (const key of keys)
    deepStrictEqual(
      await desk.effects(`key = '${key}'`),
      [1, 2, 3, 4, 5].map((n) => `${key}/${n}`),
    );
  deepStrictEqual(desk.failures, []);
});

test('promise 2: a batch that crashes before its commit has done nothing, and is done again', { skip }, async (t) => {
  let crashes = 3;
  const beforeCommit = () => {
    if (crashes-- > 0) throw new UnknownCommitError('crash');
  };
  const desk = await setUp(t);
  const db = desk.pool({ beforeCommit });
  const outbox = desk.outbox(() => {}, db);
  const handle = async (order: Order) => {
    await desk.note(order, { db });
    await outbox.add([outgoing(OrderAnswered, order.subject, order.data)]);
  };
  const consumer = desk.consumer(handle, { db });
  desk.bus.deliver(...messages('k', 3));
  await eventually('the crashes are over', () => {
    desk.timers.advance(200);
    return crashes < 0;
  });
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2', 'k/3']);
  const told = await desk.db.query('select sequence, data from outbox order by position');
  deepStrictEqual(
    told,
    [1, 2, 3].map((n) => ({ sequence: n, data: { n } })),
  );
  strictEqual(desk.failures.length, 3);
});

test('promise 2: an unknown commit that did happen is looked up in the inbox, not done again', { skip }, async (t) => {
  class Forgetful extends PostgresDatabase {
    forget = 1;
    override async transaction<T>(work: () => Promise<T>): Promise<T> {
      const outermost = !this.inTransaction;
      const result = await super.transaction(work);
      if (outermost && this.forget-- > 0) throw new UnknownCommitError('The answer was lost.');
      return result;
    }
  }
  const desk = await setUp(t);
  const db = desk.closing(new Forgetful({ url: desk.server.url }));
  const consumer = desk.consumer((order) => desk.note(order, { db }), { db });
  desk.bus.deliver(...messages('k', 3));
  await eventually('the failure is told', () => desk.failures.length === 1);
  deepStrictEqual(desk.bus.acknowledged, []);
  desk.timers.advance(200);
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2', 'k/3']);
});

test('nothing is acknowledged before its commit', { skip }, async (t) => {
  const seen: number[] = [];
  const desk = await setUp(t);
  const db = desk.pool({ beforeCommit: () => seen.push(desk.bus.acknowledged.length) });
  const consumer = desk.consumer((order) => desk.note(order, { db }), { db });
  desk.bus.deliver(aMessage('k', 1));
  await consumer.settled();
  deepStrictEqual([seen, desk.bus.acknowledged], [[0], ['k/1']]);
});

test('schedule 3.1: a type that the consumer does not handle only advances the mark', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(aMessage('k', 1), aMessage('k', 2, { contract: OrderViewed, data: 'anything' }), aMessage('k', 3));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/3']);
  await consumer.reached({ channel: 'shop.events', key: 'k' }, 3);
});

test('schedule 3.12: the same key of another source is another line', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const { channel, message } = aMessage('k', 1);
  desk.bus.deliver({ channel, message }, { channel, message: { ...message, source: '/services/other' } });
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/1']);
});

test('the database goes away and comes back: nothing is lost, nothing is doubled', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(...messages('early', 3));
  await consumer.settled();
  await desk.server.admit(false);
  desk.bus.deliver(...keys.flatMap((key) => messages(key, 3)));
  await eventually('the consumer has noticed', () => desk.failures.length > 0);
  await desk.server.admit(true);
  await eventually('all of it is handled', () => {
    desk.timers.advance(200);
    return consumer.backlog === 0 && desk.bus.acknowledged.length === 63;
  });
  strictEqual((await desk.effects()).length, 63);
  strictEqual(new Set(await desk.effects()).size, 63);
  deepStrictEqual(await desk.lot(), []);
});

test('while the disk of the database is full nothing is parked; with room it is all handled', { skip }, async (t) => {
  const desk = await setUp(t);
  let isFull = true;
  const consumer = desk.consumer(async (order) => {
    if (isFull)
      await desk.db.query(`do $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$`);
    await desk.note(order);
  });
  desk.bus.deliver(...messages('k', 3));
  await eventually('it has failed more often than what is parked is tried', () => {
    desk.timers.advance(200);
    return desk.failures.length > 6;
  });
  deepStrictEqual([await desk.lot(), desk.bus.acknowledged], [[], []]);
  isFull = false;
  await eventually('all of it is handled', () => {
    desk.timers.advance(200);
    return desk.bus.acknowledged.length === 3;
  });
  deepStrictEqual([await desk.effects(), await desk.lot(), consumer.backlog], [['k/1', 'k/2', 'k/3'], [], 0]);
});

test('«settled» waits for what was received and is being held, and not for more', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  await consumer.settled();
  desk.bus.deliver(aMessage('k', 2));
  let settled = false;
  const waiting = consumer.settled().then(() => {
    settled = true;
  });
  desk.bus.deliver(aMessage('other', 1));
  await desk.effectsBecome('other/1');
  strictEqual(settled, false);
  strictEqual(consumer.backlog, 1);
  desk.bus.deliver(aMessage('k', 1));
  await waiting;
  deepStrictEqual((await desk.effects()).slice(1), ['k/1', 'k/2']);
});

test('«settled» counts a message as handled when it spoils its batch at the database and is parked', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(aMessage('k', 1, { data: { n: 13 } }));
  await consumer.settled();
  deepStrictEqual(await desk.lot(), ['k/1 retrying']);
});

test('«reached» resolves when the line has come so far, also when somebody else has handled it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const reached: number[] = [];
  const waits = [1, 2, 3].map((n) =>
    consumer.reached({ channel: 'shop.events', key: 'k' }, n).then(() => reached.push(n)),
  );
  desk.bus.deliver(...messages('k', 2));
  await Promise.all(waits.slice(0, 2));
  deepStrictEqual(reached.sort(), [1, 2]);
  await desk.db.execute(`update inbox set sequence = 3 where key = 'k'`);
  desk.timers.advance(1_000);
  await waits[2];
});

test('«reached» gives up when nobody waits for it any more', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  const waiter = new AbortController();
  const reached = consumer.reached({ channel: 'shop.events', key: 'k' }, 1, waiter.signal);
  waiter.abort();
  desk.timers.advance(1_000);
  await reached;
});

test('stop() finishes the batch at hand and leaves the rest, unacknowledged, to the next instance', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const consumer = desk.consumer(async (order) => {
    entered.resolve();
    await gate.promise;
    await desk.note(order);
  });
  const [first, second] = messages('k', 2) as [Parcel, Parcel];
  desk.bus.deliver(first);
  await entered.promise;
  desk.bus.deliver(second);
  let stopped = false;
  const stopping = consumer.stop().then(() => {
    stopped = true;
  });
  strictEqual(stopped, false);
  gate.resolve();
  await stopping;
  deepStrictEqual([await desk.effects(), desk.bus.acknowledged, consumer.backlog], [['k/1'], ['k/1'], 1]);
  await consumer.settled();
  const next = desk.consumer();
  desk.bus.deliver(first, second);
  await next.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2']);
});

test('a consumer that is woken by a timer of a finished transaction does not work inside of it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  let tries = 0;
  desk.consumer(
    async (order) => {
      tries += 1;
      if (tries < 2) throw new Error('not yet');
      await desk.note(order);
    },
    { timers: realTimers, chance: () => 0.25 },
  );
  desk.bus.deliver(aMessage('k', 1));
  await desk.effectsBecome('k/1');
  deepStrictEqual(desk.failures, []);
});

test('what is told of handled messages is told once, after the commit', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(...messages('good', 3), aMessage('bad', 1, { data: { n: 13 } }));
  await consumer.settled();
  deepStrictEqual(desk.handled, ['good/1', 'good/2', 'good/3']);
  ok(desk.parked.includes('bad/1'));
});
