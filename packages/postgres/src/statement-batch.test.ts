import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { aThing, useDatabase } from './database.fixtures.ts';
import { PostgresDatabase } from './database.ts';
import { startTcpProxy } from './tcp-proxy.fixtures.ts';
import { databaseMissing } from './test-database.ts';

const skip = databaseMissing;
const database = useDatabase();
beforeEach(async () => {
  if (!skip) await database.clear();
});

/** How many round trips some work costs, on a connection that is open already. */
async function roundTripsOf(work: (db: PostgresDatabase) => Promise<unknown>): Promise<number> {
  const proxy = await startTcpProxy(database.server.url);
  const db = new PostgresDatabase({ url: proxy.url, maxConnections: 1 });
  try {
    await db.query('select 1');
    const before = proxy.roundTrips;
    await work(db);
    return proxy.roundTrips - before;
  } finally {
    await db.close();
    proxy.close();
  }
}

const onOneConnection = (work: (db: PostgresDatabase) => Promise<void>) =>
  database.another(work, { maxConnections: 1 });

const impossible = { sql: 'insert into things (id, version) values ($1, $2)', values: ['impossible', null] };

test('what is asked in one breath travels together, and the BEGIN with it', { skip }, async () => {
  const asked = await roundTripsOf((db) =>
    db.transaction(async () => {
      const rows = await Promise.all([1, 2, 3].map((n) => db.query('select $1::int as n', [n])));
      deepStrictEqual(rows, [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
    }),
  );
  strictEqual(asked, 2, 'One for BEGIN and the three questions, one for COMMIT.');
});

test('all writes of a transaction travel with its COMMIT', { skip }, async () => {
  const asked = await roundTripsOf((db) =>
    db.transaction(async () => {
      await db.query('select 1');
      for (const id of ['a', 'b', 'c']) await db.write(aThing(id));
    }),
  );
  strictEqual(asked, 2);
  deepStrictEqual(await database.things(), ['a', 'b', 'c']);
});

test('a transaction of writes alone is one round trip, without BEGIN and COMMIT', { skip }, async () => {
  let controls: unknown[] = [];
  const asked = await roundTripsOf(async (db) => {
    await db.transaction(async () => {
      for (const id of ['a', 'b', 'c']) await db.write(aThing(id));
    });
    controls = await db.query(
      `select statement from pg_prepared_statements where lower(statement) in ('begin', 'commit')`,
    );
  });
  strictEqual(asked, 2, 'One for the transaction, one for the look at it.');
  deepStrictEqual([controls, await database.things()], [[], ['a', 'b', 'c']]);
});

test('a transaction of writes alone is all or nothing', { skip }, async () => {
  const { db } = database;
  const told: string[] = [];
  const work = db.transaction(async () => {
    db.afterCommit(() => told.push('committed'));
    await db.write(aThing('first'));
    await db.write(impossible);
    await db.write(aThing('last'));
  });
  await rejects(work, { code: '23502' });
  deepStrictEqual([told, await database.things()], [[], []]);
});

test('one of those asked in one breath that fails dooms the whole transaction, whoever swallows its error', {
  skip,
}, async () => {
  const { db } = database;
  let outcomes: string[] = [];
  const work = db.transaction(async () => {
    await db.write(aThing('buffered'));
    const asked = [
      db.execute(`insert into things (id) values ('before')`),
      db.query('select 1/0'),
      db.execute(`insert into things (id) values ('after')`),
    ];
    outcomes = (await Promise.allSettled(asked)).map(({ status }) => status);
  });
  await rejects(work, { code: '22012' });
  deepStrictEqual(outcomes, ['rejected', 'rejected', 'rejected']);
  deepStrictEqual(await database.things(), []);
});

test('after a batch that failed, its connection still knows what it knew, and learns the rest anew', {
  skip,
}, async () => {
  await onOneConnection(async (db) => {
    const early = (id: string) => ({ sql: `insert into things (id, version) values ($1, 101)`, values: [id] });
    const late = (id: string) => ({ sql: `insert into things (id, version) values ($1, 102)`, values: [id] });
    const both = (id: string, between: { sql: string; values: unknown[] }) =>
      db.transaction(async () => {
        for (const statement of [early(`${id} early`), between, late(`${id} late`)]) await db.write(statement);
      });
    const [before] = await db.query('select pg_backend_pid() as pid');
    await rejects(both('failed', impossible), { code: '23502' });
    await rejects(both('failed again', { sql: 'no sql at all', values: [] }), { code: '42601' });
    await both('kept', aThing('between'));
    const [after] = await db.query('select pg_backend_pid() as pid');
    deepStrictEqual(after, before, 'It is the same connection.');
  });
  deepStrictEqual(await database.things(), ['between', 'kept early', 'kept late']);
});

test('after a first question that failed, its connection begins transactions as before', { skip }, async () => {
  await onOneConnection(async (db) => {
    const failing = () => db.transaction(() => db.query('select 1/0'));
    for (let tries = 0; tries < 2; tries++) await rejects(failing(), { code: '22012' });
    await db
      .transaction(async () => {
        await db.execute(`insert into things (id) values ('taken back')`);
        throw new Error('no');
      })
      .catch(() => {});
  });
  deepStrictEqual(await database.things(), []);
});

test('a failed write outside of any transaction leaves the connection free for the next', { skip }, async () => {
  await onOneConnection(async (db) => {
    await rejects(db.execute('insert into things (id, version) values ($1, $2)', ['x', null]), { code: '23502' });
    await db.execute('insert into things (id, version) values ($1, $2)', ['x', 1]);
  });
  deepStrictEqual(await database.things(), ['x']);
});

test('a statement that its connection knows answers its columns without being asked for them again', {
  skip,
}, async () => {
  await onOneConnection(async (db) => {
    const ask = () =>
      db.transaction(async () => [
        await db.query(`select $1::int as number, 'a' as text`, [7]),
        await db.execute('update things set version = 1 where id = $1 returning id, version', ['thing']),
        await db.execute('update things set version = 1 where id = $1', ['thing']),
      ]);
    await db.write(aThing('thing'));
    const answers = [[{ number: 7, text: 'a' }], [{ id: 'thing', version: 1 }], []];
    deepStrictEqual([await ask(), await ask(), await ask()], [answers, answers, answers]);
  });
});

test('a statement that failed at its first run is asked for its columns at the next', { skip }, async () => {
  await onOneConnection(async (db) => {
    const divide = (by: number) => db.query('select 1 / $1::int as quotient', [by]);
    await rejects(divide(0), { code: '22012' });
    deepStrictEqual([await divide(1), await divide(1)], [[{ quotient: 1 }], [{ quotient: 1 }]]);
  });
});
