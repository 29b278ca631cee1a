import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import {
  ConcurrencyError,
  type Database,
  databaseMissing,
  eventually,
  PostgresDatabase,
  StateTable,
} from '@ashlar/postgres';
import Type from 'typebox';
import { event, upcast } from './contract.ts';
import { type Message, outgoing } from './message.ts';
import { aMessage, type Desk, type Order, OrderAnswered, OrderPlaced, useMessaging } from './messaging.fixtures.ts';
import { on } from './subscription.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const hundred = (spoil: (n: number) => unknown = (n) => ({ n })) =>
  Array.from({ length: 100 }, (_, n) => aMessage(`key${n}`, 1, { data: spoil(n + 100) }));

/** A desk that counts its commits. */
async function counting(t: Parameters<typeof setUp>[0]) {
  const desk = await setUp(t);
  const commits = { count: 0 };
  const db = desk.pool({
    beforeCommit: () => {
      commits.count += 1;
    },
  });
  return { desk, db, commits };
}

const allBut = (n: number) =>
  Array.from({ length: 100 }, (_, index) => `key${index}/${index + 100}`).filter((effect) => !effect.endsWith(`/${n}`));

test('a hundred messages are handled in one transaction', { skip }, async (t) => {
  const { desk, db, commits } = await counting(t);
  const consumer = desk.consumer((order) => desk.note(order, { db }), { db });
  desk.bus.deliver(...hundred());
  await consumer.settled();
  deepStrictEqual([await desk.effects(), commits.count], [allBut(0), 1]);
});

test('schedule 3.7: one of a hundred that fails leaves the batch; the others commit together', { skip }, async (t) => {
  const { desk, db, commits } = await counting(t);
  const outbox = desk.outbox(() => {}, db);
  const handle = async (order: Order) => {
    await outbox.add([outgoing(OrderAnswered, order.subject, order.data)]);
    await desk.note(order, { db });
    if (order.data.n === 142) throw new Error('poison');
  };
  const consumer = desk.consumer(handle, { db });
  desk.bus.deliver(...hundred());
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot(), commits.count], [allBut(142), ['key42/1 retrying'], 1]);
  const told = await desk.db.query<{ n: number }>(`select (data->>'n')::int as n from outbox`);
  deepStrictEqual([told.length, told.some(({ n }) => n === 142)], [99, false]);
});

test('schedule 3.7: one that breaks a rule of the database at the flush is parked; the others commit', {
  skip,
}, async (t) => {
  const { desk, db, commits } = await counting(t);
  const consumer = desk.consumer((order) => desk.note(order, { db }), { db });
  desk.bus.deliver(...hundred((n) => ({ n: n === 142 ? 13 : n })));
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot()], [allBut(142), ['key42/1 retrying']]);
  ok(commits.count < 25, `The batch must be halved, not taken apart: ${commits.count} commits.`);
});

test('schedule 3.7: one whose query fails is parked; the others commit', { skip }, async (t) => {
  const { desk, db } = await counting(t);
  const handle = async (order: Order) => {
    if (order.data.n === 142) await db.query('select 1/0');
    await desk.note(order, { db });
  };
  const consumer = desk.consumer(handle, { db });
  desk.bus.deliver(...hundred());
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot()], [allBut(142), ['key42/1 retrying']]);
});

test('schedule 1.8: a handler that swallows the error of a query does not lose its batch', { skip }, async (t) => {
  const { desk, db } = await counting(t);
  const handle = async (order: Order) => {
    if (order.data.n === 142) await db.query('select 1/0').catch(() => {});
    await desk.note(order, { db });
  };
  const consumer = desk.consumer(handle, { db });
  desk.bus.deliver(...hundred());
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot()], [allBut(142), ['key42/1 retrying']]);
});

const stock = (db: Database) =>
  new StateTable<{ reserved: number }>(db, {
    name: 'The stock',
    load: 'select id, version, state from counters where id = any($1)',
    store: `insert into counters as c (id, version, state)
      select id, version, state from json_to_recordset($1) as r(id text, version int, state jsonb) order by id
      on conflict (id) do update set version = excluded.version, state = excluded.state
      where c.version = excluded.version - 1`,
  });

async function reserve(table: StateTable<{ reserved: number }>): Promise<void> {
  const { version, state } = (await table.find('hot')) ?? { version: 0, state: { reserved: 0 } };
  await table.save({ id: 'hot', version, state: { reserved: state.reserved + 1 } });
}

test('schedule 3.8: a hundred orders of one product are one change of it, not ninety-nine lost races', {
  skip,
}, async (t) => {
  const { desk, db, commits } = await counting(t);
  const table = stock(db);
  const consumer = desk.consumer(() => reserve(table), { db });
  desk.bus.deliver(...hundred());
  await consumer.settled();
  deepStrictEqual(await table.find('hot'), { id: 'hot', version: 1, state: { reserved: 100 } });
  strictEqual(commits.count, 1);
});

test('schedule 3.8: a version race that is lost inside of a batch is run again, and no reservation is lost', {
  skip,
}, async (t) => {
  const { desk, db } = await counting(t);
  const [table, rival] = [stock(db), stock(desk.db)];
  await reserve(rival);
  let races = 3;
  const handle = async () => {
    await reserve(table);
    if (races-- > 0) await outside(desk, () => reserve(rival));
  };
  const consumer = desk.consumer(handle, { db });
  desk.bus.deliver(...hundred());
  await consumer.settled();
  strictEqual((await table.find('hot'))?.state.reserved, 104);
  deepStrictEqual(await desk.lot(), []);
});

test('a version race that a handler itself reports is run again in place, and parks nothing', { skip }, async (t) => {
  const desk = await setUp(t);
  let races = 2;
  const consumer = desk.consumer(async (order) => {
    if (order.subject === 'hot' && races-- > 0) throw new ConcurrencyError('The product');
    await desk.note(order);
  });
  desk.bus.deliver(aMessage('cold', 1), aMessage('hot', 1));
  await consumer.settled();
  deepStrictEqual([(await desk.effects()).sort(), desk.parked], [['cold/1', 'hot/1'], []]);
});

const outside = (desk: Desk, work: () => Promise<void>) => desk.db.transaction(work);

test('schedule 3.9: replicas and other writers that lock the same products in any order lose nothing', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const pools = [desk.db, desk.pool()];
  const consumers = pools.map((db, index) => {
    const table = stock(db);
    const change = async (id: string) => {
      const { version, state } = (await table.find(id)) ?? { version: 0, state: { reserved: 0 } };
      await table.save({ id, version, state: { reserved: state.reserved + 1 } });
    };
    return desk.consumer(
      async ({ data }) => {
        const ids = ['p1', 'p2'];
        for (const id of data.n % 2 === index ? ids : ids.reverse()) await change(id);
      },
      { db, name: `desk ${index}` },
    );
  });
  desk.bus.deliver(...hundred());
  await Promise.all(consumers.map((consumer) => consumer.settled()));
  const found = await desk.db.query(`select state from counters order by id`);
  deepStrictEqual(found, [{ state: { reserved: 200 } }, { state: { reserved: 200 } }]);
  deepStrictEqual(await desk.lot(), []);
});

test('what a batch will need is fetched at once; a fetch that fails costs nothing but the batch', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const fetched: number[] = [];
  const prefetch = async (keys: readonly string[]) => {
    fetched.push(keys.length);
    if (keys.includes('key42')) throw new Error('ill');
  };
  const subscriptions = [on(OrderPlaced, (order: Order) => desk.note(order))];
  const consumer = desk.consumer(undefined, { definition: { name: 'desk', subscriptions, prefetch } });
  desk.bus.deliver(...hundred());
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot()], [allBut(0), []]);
  strictEqual(fetched[0], 100);
});

test('what is fetched at once is told what the messages say, as it is today; not of one that breaks its contract', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const told: unknown[] = [];
  const PlacedToday = event('shop.OrderPlaced.v2', Type.Object({ count: Type.Integer() }), {
    past: upcast(OrderPlaced, ({ n }) => ({ count: n })),
  });
  const subscriptions = [on(PlacedToday, async () => {}, { when: ({ count }) => count < 4 })];
  const prefetch = async (keys: readonly string[], messages: readonly Message[]) => {
    told.push(keys, ...messages.map(({ type, data }) => [type, data]));
  };
  const consumer = desk.consumer(undefined, { definition: { name: 'desk', subscriptions, prefetch } });
  const wrong = aMessage('wrong', 1, { data: { n: 'many' } });
  desk.bus.deliver(aMessage('old', 1), aMessage('new', 1, { contract: PlacedToday, data: { count: 2 } }), wrong);
  desk.bus.deliver(aMessage('uninteresting', 1, { contract: PlacedToday, data: { count: 4 } }));
  await consumer.settled();
  deepStrictEqual(told, [
    ['old', 'new', 'wrong'],
    ['shop.OrderPlaced.v2', { count: 1 }],
    ['shop.OrderPlaced.v2', { count: 2 }],
  ]);
  deepStrictEqual(await desk.lot(), ['wrong/1 dead']);
});

test('two consumers with different names each handle everything, each with its own fate', { skip }, async (t) => {
  const desk = await setUp(t);
  const one = desk.consumer((order) => desk.note(order, { consumer: 'one' }), { name: 'one' });
  const two = desk.consumer(async () => Promise.reject(new Error('ill')), { name: 'two' });
  desk.bus.deliver(aMessage('k', 1));
  await Promise.all([one.settled(), two.settled()]);
  deepStrictEqual([await desk.effects(), await desk.lot()], [['k/1'], ['k/1 retrying']]);
});

test('a consumer reacts at most once to a type', { skip }, async (t) => {
  const desk = await setUp(t);
  const twice = async () => {
    const { subscriptions } = {
      subscriptions: [0, 1].map(() => ({ contract: OrderAnswered, handle: async () => {} })),
    };
    return desk.consumer(undefined, { definition: { name: 'twice', subscriptions } });
  };
  await rejects(twice(), /reacts twice to one type/);
});

test('schedule 5.7: a message that meets an outage of the database is handled after it, and was never parked', {
  skip,
}, async (t) => {
  class Away extends PostgresDatabase {
    times = 1;
    override async transaction<T>(work: () => Promise<T>): Promise<T> {
      if (!this.inTransaction && this.times-- > 0) throw new Error('Connection terminated unexpectedly');
      return super.transaction(work);
    }
  }
  const desk = await setUp(t);
  const db = desk.closing(new Away({ url: desk.server.url }));
  db.times = 0;
  const consumer = desk.consumer((order) => desk.note(order, { db }), { db });
  await consumer.settled();
  db.times = 1;
  desk.bus.deliver(aMessage('k', 1));
  await eventually('the outage is told', () => desk.failures.length === 1);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1');
  deepStrictEqual(desk.parked, []);
});
