import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { aGate, useDatabase } from './database.fixtures.ts';
import type { Database } from './database.ts';
import { ConcurrencyError } from './errors.ts';
import { StateTable } from './state-table.ts';
import { databaseMissing, eventually } from './test-database.ts';
import { RANK } from './transaction.ts';

const skip = databaseMissing;
const database = useDatabase();
beforeEach(async () => {
  if (!skip) await database.clear();
});

interface Counter {
  readonly count: number;
  readonly at?: Date;
}

const counters = (db: Database = database.db, { rank = RANK.aggregates as number, name = 'The counter' } = {}) =>
  new StateTable<Counter>(db, {
    name,
    rank,
    load: 'select id, version, state from things where id = any($1)',
    store: `insert into things as t (id, version, state)
      select id, version, state from json_to_recordset($1) as r(id text, version int, state jsonb) order by id
      on conflict (id) do update set version = excluded.version, state = excluded.state
      where t.version = excluded.version - 1`,
    revive: (state) => ({ ...state, ...(state.at && { at: new Date(state.at) }) }),
  });

const add = async (table: StateTable<Counter>, id: string) => {
  const { version, state } = (await table.find(id)) ?? { version: 0, state: { count: 0 } };
  await table.save({ id, version, state: { count: state.count + 1 } });
};

test('a transaction reads what it has written, and grows the version by one', { skip }, async () => {
  const table = counters();
  await database.db.transaction(async () => {
    for (let n = 0; n < 3; n++) await add(table, 'a');
    deepStrictEqual((await table.find('a'))?.state, { count: 3 });
  });
  deepStrictEqual(await table.find('a'), { id: 'a', version: 1, state: { count: 3 } });
});

test('a state that is saved twice with the version that was loaded is stored once', { skip }, async () => {
  const table = counters();
  await add(table, 'a');
  await database.db.transaction(async () => {
    await table.save({ id: 'a', version: 1, state: { count: 7 } });
    await table.save({ id: 'a', version: 1, state: { count: 8 } });
  });
  deepStrictEqual(await table.find('a'), { id: 'a', version: 2, state: { count: 8 } });
});

test('a transaction reads each state once, whatever others write meanwhile', { skip }, async () => {
  const table = counters();
  await add(table, 'a');
  await rejects(
    database.db.transaction(
      async () => {
        const before = await table.find('a');
        await database.another((other) => add(counters(other), 'a'));
        deepStrictEqual(await table.find('a'), before);
        await table.save({ id: 'a', version: 1, state: { count: 99 } });
      },
      { retries: 0 },
    ),
    ConcurrencyError,
  );
});

test('many writers of one state lose no update', { skip }, async () => {
  const table = counters();
  const writers = Array.from({ length: 8 }, () => database.db.transaction(() => add(table, 'a'), { retries: 100 }));
  await Promise.all(writers);
  deepStrictEqual(await table.find('a'), { id: 'a', version: 8, state: { count: 8 } });
});

test('a state that was loaded before another change in the same transaction is refused', { skip }, async () => {
  const table = counters();
  const stale = { id: 'a', version: 5, state: { count: 0 } };
  const work = database.db.transaction(
    async () => {
      await add(table, 'a');
      await table.save(stale);
    },
    { retries: 0 },
  );
  await rejects(work, ConcurrencyError);
});

test('a failed nested call gives the states back as they were', { skip }, async () => {
  const table = counters();
  await add(table, 'known');
  await database.db.transaction(async () => {
    await add(table, 'known');
    const failing = database.db.transaction(async () => {
      await add(table, 'known');
      await add(table, 'new');
      throw new Error('refused');
    });
    await rejects(failing, /refused/);
    deepStrictEqual((await table.find('known'))?.state, { count: 2 });
    strictEqual(await table.find('new'), undefined);
  });
  deepStrictEqual(await database.things(), ['known']);
});

test('many are found at once: those in the database, those just saved, and none that are missing', {
  skip,
}, async () => {
  const table = counters();
  const at = new Date('2026-01-02T03:04:05.678Z');
  await table.save({ id: 'stored', version: 0, state: { count: 1, at } });
  await database.db.transaction(async () => {
    await add(table, 'saved');
    const found = await table.findMany(['stored', 'saved', 'missing', 'stored']);
    deepStrictEqual([...found.keys()].sort(), ['saved', 'stored']);
    deepStrictEqual(found.get('stored')?.state.at, at);
  });
});

test('schedule 3.9: two transactions that change the same states in opposite order never deadlock', {
  skip,
}, async () => {
  const { db } = database;
  const [aggregates, sagas] = [counters(db), counters(db, { rank: RANK.sagas, name: 'A saga' })];
  const inOrder = (table: StateTable<Counter>, ids: readonly string[]) => async () => {
    for (const id of ids) await table.save({ id, version: 0, state: { count: 1 } });
  };
  const gate = aGate();
  const held = aGate();
  const holder = db.transaction(async () => {
    await db.execute(`insert into things (id) values ('a')`);
    held.resolve();
    await gate.promise;
    throw new Error('gives the lock back');
  });
  await held.promise;
  const waiting = async () =>
    (await db.query(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
      .length;
  const both = async (first: () => Promise<void>, second: () => Promise<void>) => {
    await first();
    await second();
  };
  const one = db.transaction(() => both(inOrder(aggregates, ['a', 'b']), inOrder(sagas, ['z'])), { retries: 0 });
  await eventually('the first one waits', async () => (await waiting()) === 1);
  const two = db.transaction(() => both(inOrder(sagas, ['z']), inOrder(aggregates, ['b', 'a'])), { retries: 0 });
  await eventually('the second one waits, too', async () => (await waiting()) === 2);
  gate.resolve();
  await rejects(holder, /gives the lock back/);
  const outcomes = await Promise.allSettled([one, two]);
  const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  strictEqual(lost.length, 1);
  strictEqual(
    lost[0] instanceof ConcurrencyError,
    true,
    `One of the two must lose its race, not a deadlock: ${lost[0]}`,
  );
});
