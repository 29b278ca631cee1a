import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { aGate, useDatabase } from './database.fixtures.ts';
import { type Database, PostgresDatabase } from './database.ts';
import { ConcurrencyError } from './errors.ts';
import { StateTable } from './state-table.ts';
import { statesContract } from './states.contract.ts';
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
      select id, version, state from json_to_recordset($1) as r(id text, version int, state jsonb)
      where version = 1 or exists (select from things where things.id = r.id for update) order by id
      on conflict (id) do update set version = excluded.version, state = excluded.state
      where t.version = excluded.version - 1`,
    revive: (state) => ({ ...state, ...(state.at && { at: new Date(state.at) }) }),
  });

statesContract('PostgreSQL', {
  makeStage: async (t) => {
    const other = new PostgresDatabase({ url: database.server.url });
    t.after(() => other.close());
    return { work: database.db, states: counters(), elsewhere: counters(other) };
  },
  skip,
});

const add = async (table: StateTable<Counter>, id: string) => {
  const { version, state } = (await table.find(id)) ?? { version: 0, state: { count: 0 } };
  await table.save({ id, version, state: { count: state.count + 1 } });
};

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

test('a load that was under way when its state was saved does not take back what was saved', async () => {
  const answers: ((rows: readonly object[]) => void)[] = [];
  let made: object | undefined;
  const db = {
    inTransaction: true,
    query: () => new Promise((answer) => answers.push(answer)),
    buffer(_: object, create: () => object) {
      made ??= create();
      return made;
    },
  };
  const table = counters(db as unknown as Database);
  const [first, second] = [table.find('a'), table.find('a')];
  answers[0]!([{ id: 'a', version: 1, state: { count: 1 } }]);
  await first;
  await table.save({ id: 'a', version: 1, state: { count: 2 } });
  answers[1]!([{ id: 'a', version: 1, state: { count: 1 } }]);
  deepStrictEqual(await second, { id: 'a', version: 2, state: { count: 2 } });
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
  const ends = Promise.allSettled([one, two]);
  await eventually('the second one waits, too', async () => (await waiting()) === 2);
  gate.resolve();
  await rejects(holder, /gives the lock back/);
  const outcomes = await ends;
  const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  strictEqual(lost.length, 1);
  strictEqual(
    lost[0] instanceof ConcurrencyError,
    true,
    `One of the two must lose its race, not a deadlock: ${lost[0]}`,
  );
});

test('a store that asks for the version itself loses a race alike, and tells where the winner has come', {
  skip,
}, async () => {
  const guarded = new StateTable<Counter>(database.db, {
    name: 'The counter',
    load: 'select id, version, state from things where id = any($1)',
    store: `insert into things as t (id, version, state)
      select id, version, state from json_to_recordset($1) as r(id text, version int, state jsonb) order by id
      on conflict (id) do update set version = excluded.version, state = excluded.state
      where expect_version(t.version, excluded.version - 1, 'The counter')`,
  });
  await add(guarded, 'a');
  await add(guarded, 'a');
  await rejects(
    database.db.transaction(() => guarded.save({ id: 'a', version: 1, state: { count: 9 } }), { retries: 0 }),
    (error: unknown) => error instanceof ConcurrencyError && error.actualVersion === 2,
  );
  deepStrictEqual(await guarded.find('a'), { id: 'a', version: 2, state: { count: 2 } });
});
