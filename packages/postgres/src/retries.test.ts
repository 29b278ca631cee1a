import { rejects, strictEqual } from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { aGate, aThing, useDatabase } from './database.fixtures.ts';
import { ConcurrencyError } from './errors.ts';
import { databaseMissing, eventually } from './test-database.ts';

const skip = databaseMissing;
const database = useDatabase();
beforeEach(async () => {
  if (!skip) await database.clear();
});

const insert = (id: string) => database.db.write(aThing(id));

test('a version race that was lost is run again in a new transaction', { skip }, async () => {
  const { db } = database;
  await insert('contested');
  let runs = 0;
  await db.transaction(async () => {
    runs += 1;
    await db.write({
      sql: 'update things set version = version + 1 where id = $1 and version = $2',
      values: ['contested', runs === 1 ? 99 : 1],
      rows: 1,
      what: 'The thing',
    });
  });
  strictEqual(runs, 2);
});

test('a race that is lost again and again ends with an error in words', { skip }, async () => {
  const { db } = database;
  let runs = 0;
  const losing = db.transaction(
    async () => {
      runs += 1;
      await db.write({ sql: 'delete from things where id = $1', values: ['nobody'], rows: 1, what: 'The order' });
    },
    { retries: 2 },
  );
  await rejects(losing, (error) => error instanceof ConcurrencyError && /^The order was changed/.test(error.message));
  strictEqual(runs, 3);
});

test('an ordinary failure is not run again', { skip }, async () => {
  let runs = 0;
  const work = database.db.transaction(async () => {
    runs += 1;
    throw new Error('refused');
  });
  await rejects(work, /refused/);
  strictEqual(runs, 1);
});

test('waiting for a lock ends with a new try, not with an error', { skip }, async () => {
  const { db } = database;
  await insert('locked');
  await database.another(async (other) => {
    const [held, gate] = [aGate(), aGate()];
    const holder = other.transaction(async () => {
      await other.query(`select 1 from things where id = 'locked' for update`);
      held.resolve();
      await gate.promise;
    });
    await held.promise;
    let runs = 0;
    const waiter = db.transaction(async () => {
      runs += 1;
      await db.query(`set local lock_timeout = '20ms'`);
      await db.query(`select 1 from things where id = 'locked' for update`);
    });
    await eventually('the lock was waited for twice', () => runs > 1);
    gate.resolve();
    await Promise.all([holder, waiter]);
  });
});
