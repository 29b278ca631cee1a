import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually, PostgresDatabase, withTestDatabase } from '@ashlar/postgres';
import { projectionMigrations } from '@ashlar/projection';
import { Epochs } from './epochs.ts';
import { redisProjectionMigrations } from './migrations.ts';

const options = { skip: databaseMissing };

test('an epoch does not end while a transaction writes into it, and of two that end it one begins the next', {
  ...options,
}, async () => {
  const migrations = [...(await projectionMigrations()), ...(await redisProjectionMigrations())];
  await withTestDatabase(migrations, async ({ url }) => {
    const [db, other] = [new PostgresDatabase({ url }), new PostgresDatabase({ url })];
    const [epochs, others] = [new Epochs(db, 'prices'), new Epochs(other, 'prices')];
    await epochs.prepare();
    const known = (await epochs.current())!;
    let next: Promise<unknown> | undefined;
    await db.transaction(async () => {
      strictEqual(await epochs.held(), known.epoch);
      next = others.beginAnew(known, 'another run');
      const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      const isOver = next.then(() => true);
      const isWaiting = eventually('it waits', async () => (await other.query(waiting)).length > 0).then(() => false);
      strictEqual(await Promise.race([isOver, isWaiting]), false);
    });
    deepStrictEqual(await next, { epoch: known.epoch + 1, runId: 'another run' });
    strictEqual(await epochs.beginAnew(known, 'a third run'), undefined);
    for (const one of [db, other]) await one.close();
  });
});
