import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import pg from 'pg';
import { Bank, LOOK, TABLES, take } from './projection.fixtures.ts';

const options = { skip: databaseMissing };

/** As `take`, but the first version of it forgot the sum. */
const forgetful: typeof take = async (events, { write }) =>
  write({
    sql: `with moved as (update progress set events = events + $1 returning 1)
          insert into progress select $1 where not exists (select from progress)`,
    values: [events.length],
  });

test('a rebuild makes the read model anew from its first event', options, async (t) => {
  const bank = await Bank.open(t);
  const projection = await bank.projection({ batch: 100 });
  await bank.transfers(1_050);
  await projection.catchUp();
  const before = await bank.db.query('select * from balances order by account');
  await bank.db.execute('update balances set amount = 0');
  await bank.db.execute('delete from progress');
  await projection.rebuild();
  deepStrictEqual(await bank.db.query('select * from balances order by account'), before);
  deepStrictEqual(await bank.look(), { sum: 0, seen: 1_050, taken: 1_050 });
  const schemas = await bank.db.query(`select nspname from pg_namespace where nspname like 're%'`);
  deepStrictEqual(schemas, []);
  const indexes = await bank.db.query(`select indexname from pg_indexes where tablename = 'balances' order by 1`);
  deepStrictEqual(
    indexes.map(({ indexname }) => indexname),
    ['balances_by_amount', 'balances_pkey'],
  );
});

test('while a rebuild is under way the old one is read, moves on, and says so', options, async (t) => {
  const bank = await Bank.open(t);
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const projection = await bank.projection({
    batch: 10,
    apply: async (events, model) => {
      if (model.isRebuild && events.some(({ position }) => position === 50)) {
        reached.resolve();
        await goOn.promise;
      }
      await take(events, model);
    },
  });
  await bank.transfers(100);
  await projection.catchUp();
  const rebuilding = projection.rebuild();
  await reached.promise;
  await bank.transfers(20);
  await projection.catchUp();
  deepStrictEqual(await bank.look(), { sum: 0, seen: 120, taken: 120 });
  const { state, position, rebuild } = await projection.status();
  deepStrictEqual([state, position, rebuild?.position, rebuild?.version], ['rebuilding', 120, 40, 1]);
  goOn.resolve();
  await rebuilding;
  deepStrictEqual(await bank.look(), { sum: 0, seen: 120, taken: 120 });
  strictEqual((await projection.status()).state, 'live');
});

test('a new version is rebuilt at the deploy, and until it has come as far the old one is read', options, async (t) => {
  const bank = await Bank.open(t);
  const old = await bank.projection({ apply: forgetful });
  await bank.transfers(30);
  await old.catchUp();
  const tables = `${TABLES}; create table largest (amount bigint not null)`;
  const next = await bank.projection({ version: 2, tables });
  strictEqual(await next.catchUp(), 0);
  deepStrictEqual(await bank.db.query('select * from balances'), []);
  strictEqual((await next.status()).state, 'rebuilding');
  await bank.transfers(5);
  strictEqual(await old.catchUp(), 5);
  next.start();
  await eventually('version 2 is read', async () => (await next.status()).version === 2);
  deepStrictEqual(await bank.db.query('select * from largest'), []);
  strictEqual((await bank.db.query('select * from balances')).length, 7);
  await bank.transfers(5);
  strictEqual(await old.catchUp(), 0);
  await eventually('it moves on', async () => (await bank.look()).seen === 40);
  await rejects(old.rebuild(), /There is a newer version/);
  deepStrictEqual(await bank.look(), { sum: 0, seen: 40, taken: 40 });
});

test('a rebuild by older code that was begun before the deploy is given up', options, async (t) => {
  const bank = await Bank.open(t);
  const old = await bank.projection({ apply: forgetful, batch: 10 });
  await bank.transfers(30);
  await old.catchUp();
  await old.beginRebuild();
  const next = await bank.projection({ version: 2 });
  await next.rebuild();
  deepStrictEqual(await bank.look(), { sum: 0, seen: 30, taken: 30 });
  strictEqual((await bank.db.query('select * from balances')).length, 7);
});

test('of two that rebuild at once, one works at a time, and both hear when it is done', options, async (t) => {
  const bank = await Bank.open(t);
  let isWorking = 0;
  const apply: typeof take = async (events, model) => {
    ok(++isWorking === 1, 'both work at it');
    await take(events, model);
    await bank.db.query('select pg_sleep(0.002)');
    isWorking--;
  };
  const rebuilders = await Promise.all([1, 2, 3].map(() => bank.projection({ db: bank.pool(), apply, batch: 20 })));
  await bank.transfers(500);
  await rebuilders[0]!.catchUp();
  await Promise.all(rebuilders.map((projection) => projection.rebuild()));
  deepStrictEqual(await bank.look(), { sum: 0, seen: 500, taken: 500 });
});

test('an event that the new code cannot take in keeps the old one in place, with the reason', options, async (t) => {
  const bank = await Bank.open(t);
  const old = await bank.projection();
  await bank.transfers(30);
  await old.catchUp();
  const broken = await bank.projection({
    version: 2,
    apply: async (events, model) => {
      if (events.some(({ position }) => position === 13)) throw new Error('Unlucky.');
      await take(events, model);
    },
  });
  await rejects(broken.rebuild(), /Unlucky/);
  deepStrictEqual((await broken.status()).rebuild?.error, 'Error: Unlucky. (event 13, Moved of many)');
  deepStrictEqual(await bank.look(), { sum: 0, seen: 30, taken: 30 });
  const mended = await bank.projection({ version: 2 });
  await mended.rebuild();
  deepStrictEqual([(await mended.status()).version, await bank.look()], [2, { sum: 0, seen: 30, taken: 30 }]);
});

test('what depends on the old tables from outside keeps them, with the reason', options, async (t) => {
  const bank = await Bank.open(t);
  const projection = await bank.projection();
  await bank.transfers(5);
  await projection.catchUp();
  await bank.db.execute('create view rich as select * from balances where amount > 0');
  await rejects(projection.rebuild(), /other objects depend on/);
  ok((await projection.status()).rebuild?.error?.includes('depend'));
  await bank.transfers(1);
  strictEqual(await projection.catchUp(), 1, 'It stands still, though nothing takes its place.');
  await bank.db.execute('drop view rich');
  await projection.rebuild();
  strictEqual((await projection.status()).state, 'live');
});

test('prepared statements survive the change, whatever it does to their tables', options, async (t) => {
  const bank = await Bank.open(t);
  const old = await bank.projection();
  await bank.transfers(5);
  await old.catchUp();
  const db = bank.pool({ maxConnections: 1 });
  const read = () => db.query<{ amount: unknown }>(`select * from balances where account = 'a4'`);
  const inTransaction = () => db.transaction(() => db.query(`select amount from balances where account = 'a4'`));
  strictEqual((await read())[0]?.amount, 0);
  await inTransaction();
  await old.rebuild();
  strictEqual((await read())[0]?.amount, 0);
  const asText = TABLES.replace('amount bigint not null', 'amount text not null, more int');
  const next = await bank.projection({
    version: 2,
    tables: asText,
    apply: async (_events, { write }) => write({ sql: `insert into balances values ('a4', 'nothing', 1)` }),
  });
  await next.rebuild();
  deepStrictEqual(await read(), [{ account: 'a4', amount: 'nothing', more: 1 }]);
  deepStrictEqual(await inTransaction(), [{ amount: 'nothing' }]);
});

test('a transaction with a snapshot of its own sees the old one whole, or the new one whole', options, async (t) => {
  const bank = await Bank.open(t);
  const projection = await bank.projection();
  await bank.transfers(50);
  await projection.catchUp();
  const reader = new pg.Client({ connectionString: bank.url });
  await reader.connect();
  await reader.query('begin isolation level repeatable read');
  await reader.query('select 1 from events limit 1');
  const rebuilding = projection.rebuild();
  await eventually('the successor is full, or has taken over', async () => {
    const { rebuild } = await projection.status();
    return rebuild === undefined || rebuild.position === 50;
  });
  for (let looks = 0; looks < 30; looks++) await projection.status();
  const { rows } = await reader.query(LOOK);
  deepStrictEqual(rows.map(Object.values), [[0, 50, 50]]);
  await reader.query('commit');
  await reader.end();
  await rebuilding;
  deepStrictEqual(await bank.look(), { sum: 0, seen: 50, taken: 50 });
});

test(
  'a transaction that has begun to read goes on reading the same, and holds nobody up for long',
  options,
  async (t) => {
    const bank = await Bank.open(t);
    const projection = await bank.projection();
    await bank.transfers(50);
    await projection.catchUp();
    const reader = bank.pool();
    let rebuilding: Promise<void> | undefined;
    await reader.transaction(async () => {
      await reader.query('select * from balances');
      rebuilding = projection.rebuild();
      await eventually('the successor is full', async () => (await projection.status()).rebuild?.position === 50);
      for (let n = 0; n < 20; n++) deepStrictEqual(await bank.look(), { sum: 0, seen: 50, taken: 50 });
      strictEqual((await reader.query<{ events: number }>('select events from progress'))[0]?.events, 50);
      strictEqual((await projection.status()).state, 'rebuilding');
    });
    await rebuilding;
    deepStrictEqual(await bank.look(), { sum: 0, seen: 50, taken: 50 });
  },
);

test(
  'a rebuild that dies at any of its commits is finished by the next, and never leaves half a model',
  options,
  async (t) => {
    const bank = await Bank.open(t);
    const projection = await bank.projection();
    await bank.transfers(35);
    await projection.catchUp();
    let survived = false;
    for (let crashAt = 1; !survived; crashAt++) {
      let commits = 0;
      const beforeCommit = () => {
        if (++commits >= crashAt) throw new Error('killed');
      };
      await bank.transfers(5);
      await projection.catchUp();
      const db = bank.pool({ beforeCommit: () => crashAt < 1_000 && beforeCommit() });
      const dying = await bank.projection({ db, batch: 20 }).catch(() => undefined);
      survived =
        (await dying?.rebuild().then(
          () => true,
          () => false,
        )) ?? false;
      const { sum, seen, taken } = await bank.look();
      deepStrictEqual([sum, seen], [0, taken], `after a crash at commit ${crashAt}`);
      const next = await bank.projection({ batch: 20 });
      await next.rebuild();
      deepStrictEqual(await bank.look(), { sum: 0, seen: taken, taken }, `after a crash at commit ${crashAt}`);
      ok(crashAt < 40, 'it never ends');
    }
  },
);
