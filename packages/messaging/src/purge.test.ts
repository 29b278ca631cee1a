import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { type Desk, useMessaging } from './messaging.fixtures.ts';
import { PostgresInbox } from './postgres-inbox.ts';
import { PostgresOutboxRows } from './postgres-outbox-rows.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const DAY_MS = 86_400_000;

/** Fills a table that the planner takes for empty ever after: it looked before anybody else could see the rows. */
async function fillUnnoticed(desk: Desk, table: string, sql: string): Promise<void> {
  await desk.db.execute(`alter table ${table} set (autovacuum_enabled = off)`);
  await desk.db.transaction(async () => {
    await desk.db.execute(sql);
    await desk.pool().execute(`analyze ${table}`);
  });
  const [believed] = await desk.db.query<{ rows: number }>(
    `select reltuples::int as rows from pg_class where oid = $1::regclass`,
    [table],
  );
  strictEqual(believed?.rows, 0);
}

/** What takes long in itself is not done within this time. */
const promptly = <T>(desk: Desk, work: () => Promise<T>): Promise<T> =>
  desk.db.transaction(async () => {
    await desk.db.execute(`set local statement_timeout = '3s'`);
    return work();
  });

test('old rows of the outbox are purged promptly, though the planner takes the table for empty', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  await fillUnnoticed(
    desk,
    'outbox',
    `insert into outbox (id, channel, key, sequence, type, time, data, context, published_at)
     select gen_random_uuid(), 'shop.events', 'k', n, 'shop.OrderPlaced.v1', now(), '{}', '{}',
       now() - interval '2 days'
     from generate_series(1, 12000) n`,
  );
  const rows = new PostgresOutboxRows(desk.db);
  strictEqual(await promptly(desk, () => rows.purge(DAY_MS, 10_000)), 10_000);
  strictEqual(await promptly(desk, () => rows.purge(DAY_MS, 10_000)), 2_000);
});

test('idle marks are purged promptly, though the planner takes the table for empty', { skip }, async (t) => {
  const desk = await setUp(t);
  await fillUnnoticed(
    desk,
    'inbox',
    `insert into inbox (consumer, source, channel, key, sequence, previous, updated_at)
     select 'desk', '/services/shop', 'shop.events', 'idle ' || n, 1, 0, now() - interval '2 days'
     from generate_series(1, 12000) n`,
  );
  await promptly(desk, () => new PostgresInbox(desk.db, 'desk').purge(DAY_MS));
  strictEqual((await desk.db.query('select 1 from inbox')).length, 0);
});
