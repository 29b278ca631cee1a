import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { type Desk, placed, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const ONCE = { retries: 0 };
const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

/** Lets somebody else hold a row while one transaction runs, and others while that one waits for the row. */
async function whileItWaits(
  desk: Desk,
  { row, waits, others }: Record<'waits' | 'others', () => Promise<unknown>> & { row: string },
) {
  const [held, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = desk.db.transaction(async () => {
    await desk.db.query(`${row} for update`);
    held.resolve();
    await gate.promise;
  });
  await held.promise;
  const waiting = waits();
  await eventually('it waits', async () => (await desk.db.query(WAITING)).length > 0);
  await others().finally(gate.resolve);
  await Promise.all([holding, waiting]);
}

const said = async (desk: Desk): Promise<string[]> =>
  (await desk.db.query<{ name: string }>(`select key || '/' || sequence as name from outbox order by position`)).map(
    ({ name }) => name,
  );

test('schedule 1.6: numbers are drawn last: who waits for a row of its own keeps nobody else from its keys', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const outbox = desk.outbox();
  await desk.db.execute(`insert into counters values ('c', 1, '{}')`);
  await outbox.add([placed('k', 1)]);
  const both = () =>
    desk.db.transaction(async () => {
      await outbox.add([placed('k', 3)]);
      await desk.db.write({ sql: `update counters set version = 2 where id = 'c'` });
    }, ONCE);
  const others = () => desk.db.transaction(() => outbox.add([placed('k', 2)]), ONCE);
  await whileItWaits(desk, { row: `select 1 from counters where id = 'c'`, waits: both, others });
  const numbers = await desk.db.query(`select (data->>'n')::int as n, sequence from outbox order by position`);
  deepStrictEqual(
    numbers.map(({ n, sequence }) => [n, sequence]),
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  );
});

test('schedule 1.6: of several keys, who waits for the first one holds none of the others', { skip }, async (t) => {
  const desk = await setUp(t);
  const outbox = desk.outbox();
  const keys = Array.from({ length: 20 }, (_, n) => `k${n + 10}`);
  const [first, ...later] = keys;
  await outbox.add(keys.map((key) => placed(key, 1)));
  const waits = () => desk.db.transaction(() => outbox.add(keys.toReversed().map((key) => placed(key, 3))), ONCE);
  const others = async () => {
    for (const key of later) await desk.db.transaction(() => outbox.add([placed(key, 2)]), ONCE);
  };
  await whileItWaits(desk, { row: `select 1 from outbox_keys where key = '${first}'`, waits, others });
  deepStrictEqual((await said(desk)).slice(-20), [...later.toReversed().map((key) => `${key}/3`), `${first}/2`]);
});
