import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { type Database, databaseMissing, eventually } from '@ashlar/postgres';
import { Checkpoints } from './checkpoints.ts';
import { ModelBuffer } from './model-buffer.ts';
import { Bank, TABLES } from './projection.fixtures.ts';

/** As the database answers where the run 2 of a rebuild is under way. */
const query = async (sql: string) => (sql.includes('projection_rebuilds') ? [{ run: 2 }] : [{ version: 1, path: 'p' }]);

test('facts and numbers that were said for an earlier rebuild do not count for the one under way', async () => {
  const db = { query } as unknown as Database;
  const requestId = (run: number) => `prices ${run}`;
  const buffer = new ModelBuffer({ db, name: 'prices', version: 1, schema: 'rebuild prices', requestId });
  for (const run of [1, 2, 1]) buffer.note('2026-01-01T00:00:00.000Z', requestId(run));
  buffer.expect(requestId(2), 7);
  buffer.expect(requestId(1), 2);
  await buffer.prepare();
  deepStrictEqual(buffer.flush().at(-1)?.values, [2, 1, 7]);
});

test('no rebuild begins between the look whether there is one and the commit of what it would miss', {
  skip: databaseMissing,
}, async (t) => {
  const bank = await Bank.open(t);
  await bank.projection();
  const { db } = bank;
  const checkpoints = new Checkpoints(bank.pool(), { name: 'balances', version: 1, tables: TABLES });
  const options = { db, name: 'balances', version: 1, schema: checkpoints.schema, requestId: String };
  const buffer = new ModelBuffer(options);
  const [looked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const writing = db.transaction(async () => {
    await buffer.prepare();
    looked.resolve();
    await gate.promise;
  });
  await looked.promise;
  let hasBegun = false;
  const beginning = checkpoints.beginRebuild().then(() => {
    hasBegun = true;
  });
  await eventually('it waits, or has begun', async () => {
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return hasBegun || (await bank.pool().query(waiting)).length > 0;
  });
  strictEqual(hasBegun, false);
  gate.resolve();
  await Promise.all([writing, beginning]);
});
