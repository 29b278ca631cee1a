import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { Market, PUT, TABLES } from './market.fixtures.ts';

const options = { skip: databaseMissing };

test('of all rows of a transaction about one thing the newest is written', options, async (t) => {
  const market = await Market.open(t);
  const projection = market.projection();
  await projection.prepare();
  await market.db.transaction(async () => {
    for (const version of [1, 3, 2]) await projection.put(PUT, { id: 'cup', version, price: version });
  });
  deepStrictEqual(await market.prices(), ['cup=3']);
});

test(
  'a replica that lost everything is made anew from what its source says again, and is read meanwhile',
  options,
  async (t) => {
    const market = await Market.open(t);
    const { db } = market;
    const projection = market.projection();
    await market.desk(projection);
    for (const [id, amount] of Object.entries({ cup: 5, pot: 9, tea: 3 })) await market.price(id, amount);
    await eventually('the replica is whole', async () => (await market.prices()).length === 3);
    await db.execute(`update prices set price = 1 where id = 'cup'`);
    await db.execute(`delete from prices where id = 'tea'`);
    await projection.beginRebuild();
    await market.price('pot', 10);
    await eventually('the old one moves on', async () => (await market.prices()).includes('pot=10'));
    deepStrictEqual(await market.prices(), ['cup=1', 'pot=10']);
    strictEqual((await projection.status()).state, 'rebuilding');
    await market.shop();
    await eventually('the new one is read', async () => (await projection.status()).state === 'live');
    deepStrictEqual(await market.prices(), ['cup=5', 'pot=10', 'tea=3']);
  },
);

test(
  'while a replica is made anew, under changes of all prices, nobody reads an older price than before',
  options,
  async (t) => {
    const market = await Market.open(t);
    const { bank } = market;
    const projection = market.projection();
    const consumer = await market.desk(projection);
    await market.shop();
    const names = Array.from({ length: 30 }, (_, n) => `p${String(n).padStart(2, '0')}`);
    for (const name of names) await market.price(name, 0);
    await consumer.settled();
    let isOver = false;
    const read = async () => {
      const db = bank.pool({ maxConnections: 1 });
      const before = new Map<string, number>();
      let reads = 0;
      for (; !isOver || reads < 10; reads++) {
        const rows = await db.query<{ id: string; price: number }>('select id, price from prices');
        strictEqual(rows.length, names.length);
        for (const { id, price: now } of rows) {
          ok(now >= (before.get(id) ?? 0), `${id} went from ${before.get(id)} back to ${now}`);
          before.set(id, now);
        }
      }
    };
    const write = async () => {
      for (let round = 1; round <= 8; round++) await Promise.all(names.map((name) => market.price(name, round)));
    };
    const rebuild = async () => {
      for (let n = 0; n < 3; n++) {
        await projection.beginRebuild();
        await eventually('it is made', async () => (await projection.status()).state === 'live');
      }
    };
    const reading = Promise.all([read(), read()]);
    await Promise.all([write(), rebuild()]).finally(() => {
      isOver = true;
    });
    await reading;
    await eventually('the last prices are known', async () => {
      const rows = await bank.db.query('select 1 from prices where price <> 8');
      return rows.length === 0;
    });
  },
);

test(
  'a new version of a replica asks its source at the deploy, and the old one is read until then',
  options,
  async (t) => {
    const market = await Market.open(t);
    const { db } = market;
    const old = await market.desk(market.projection());
    await market.price('cup', 5);
    await eventually('the replica is whole', async () => (await market.prices()).length === 1);
    await old.stop();
    const next = market.projection(2, `${TABLES}; create table extra (n int)`);
    const consumer = await market.desk(next);
    await market.price('pot', 7);
    await consumer.settled();
    deepStrictEqual(await market.prices(), ['cup=5']);
    await market.shop();
    await eventually('version 2 is read', async () => (await next.status()).version === 2);
    deepStrictEqual(await market.prices(), ['cup=5', 'pot=7']);
    deepStrictEqual(await db.query('select * from extra'), []);
  },
);

test(
  "a read model of a service's own facts takes in those that were there before it, in portions",
  options,
  async (t) => {
    const market = await Market.open(t);
    for (const [id, amount] of Object.entries({ cup: 5, pot: 9, tea: 3 })) await market.price(id, amount);
    await market.db.execute('delete from outbox');
    const portions: string[] = [];
    const projection = market.ownProjection(portions);
    await projection.prepare();
    strictEqual(await projection.isFilled(), false);
    await market.desk(projection);
    await eventually('it is filled', () => projection.isFilled());
    deepStrictEqual(await market.prices(), ['cup=5', 'pot=9', 'tea=3']);
    deepStrictEqual(portions, ['pot', 'tea', 'end']);
  },
);

test('a rebuild from own facts mends what was lost, and loses nothing that is said meanwhile', options, async (t) => {
  const market = await Market.open(t);
  const projection = market.ownProjection();
  const consumer = await market.desk(projection);
  const names = Array.from({ length: 9 }, (_, n) => `p${n}`);
  for (const name of names) await market.price(name, 0);
  await consumer.settled();
  await market.db.execute(`delete from prices where id in ('p3', 'p8')`);
  const write = async () => {
    for (let round = 1; round <= 8; round++) await Promise.all(names.map((name) => market.price(name, round)));
  };
  await Promise.all([write(), projection.beginRebuild()]);
  await eventually('the new one is read', async () => (await projection.status()).state === 'live');
  await consumer.settled();
  deepStrictEqual(
    await market.prices(),
    names.map((name) => `${name}=8`),
  );
});
