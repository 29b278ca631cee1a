import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, PostgresDatabase, withTestDatabase } from '@ashlar/postgres';
import type { PgBoss } from 'pg-boss';
import { JobTable } from './job-table.ts';

/** What is asked of it here. */
const JOBS = `create schema boss; create table boss.job (name text, id uuid, state text, retry_count int, output jsonb,
  start_after timestamptz, heartbeat_on timestamptz, completed_on timestamptz, deletion_seconds int)`;

test('a run that has lost its job to another neither ends it nor gives it back', {
  skip: databaseMissing,
}, async () => {
  await withTestDatabase([{ name: 'test/jobs', sql: JOBS }], async ({ url }) => {
    const db = new PostgresDatabase({ url });
    const executeSql = async (sql: string, values: unknown[]) => ({ rows: await db.execute(sql, values) });
    const table = new JobTable({ getDb: () => ({ executeSql }) } as unknown as PgBoss, 'boss');
    const state = async () => (await db.query('select state from boss.job'))[0]!['state'];
    const id = '00000000-0000-7000-8000-000000000001';
    await db.execute(`insert into boss.job (name, id, state, retry_count) values ('mail', $1, 'active', 1)`, [id]);
    const [lost, held] = [0, 1].map((retryCount) => ({ id, retryCount })) as [Attempt, Attempt];
    await table.release('mail', [lost]);
    await table.giveUp('mail', lost, {});
    deepStrictEqual(await state(), 'active');
    await table.release('mail', [held]);
    deepStrictEqual(await state(), 'retry');
    await db.execute(`update boss.job set state = 'active'`);
    await table.giveUp('mail', held, {});
    deepStrictEqual(await state(), 'failed');
    await db.close();
  });
});

type Attempt = { readonly id: string; readonly retryCount: number };
