import { deepStrictEqual, rejects } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { event, outgoing, PostgresOutbox } from '@ashlar/messaging';
import { ConcurrencyError, type Database, databaseMissing, PostgresDatabase } from '@ashlar/postgres';
import { Type } from 'typebox';
import type { EventStage } from './event-stage.fixtures.ts';
import { eventStoreContract } from './event-store.contract.ts';
import { deposited, useEventStore } from './event-store.fixtures.ts';
import { type ExpectedVersion, PostgresEventStore } from './event-store.ts';

const skip = databaseMissing;
const given = useEventStore();

eventStoreContract('PostgreSQL', {
  makeStage: async (t) => stageOf(t, given.db),
  skip,
});

/** What is kept gets older instead of the clock going on. */
const AGEING = ['events set at = at', 'streams set last_at = last_at'].map(
  (column) => `update ${column} - $1 * interval '1 ms'`,
);

const stageOf = (t: TestContext, db: Database): EventStage => ({
  work: db,
  store: new PostgresEventStore(db),
  another: () => {
    const other = new PostgresDatabase({ url: given.url });
    t.after(() => other.close());
    return stageOf(t, other);
  },
  passes: async (ms) => {
    for (const sql of AGEING) await db.execute(sql, [ms]);
  },
});

const append = (stream: string, expected: ExpectedVersion, ...amounts: number[]) =>
  given.store.append({ stream, expected, events: amounts.map(deposited) });
const amounts = async (stream: string) =>
  (await given.store.read(stream)).map(({ data }) => (data as { amount: number }).amount);
const conflict = (actualVersion: number | undefined) => (error: unknown) =>
  error instanceof ConcurrencyError && error.actualVersion === actualVersion;

const Told = event('bank.Told.v1', Type.Object({}));

test('several streams and what is told about them commit together, or not at all', { skip }, async () => {
  const { db } = given;
  const outbox = new PostgresOutbox({ db, clock: systemClock, ids: new UuidV7Ids(), onCommitted: () => {} });
  const work = (expectedOfB: ExpectedVersion) =>
    db.transaction(
      async () => {
        await append('b', expectedOfB, 2);
        await append('a', 'any', 1);
        await outbox.add([outgoing(Told, 'a', {})]);
      },
      { retries: 0 },
    );
  const counts = `select (select count(*) from events) as events, (select count(*) from outbox) as told`;
  await rejects(work(3), conflict(0));
  deepStrictEqual(await db.query(counts), [{ events: 0, told: 0 }]);
  await work('none');
  deepStrictEqual(await db.query(counts), [{ events: 2, told: 1 }]);
});

test('transactions that append to the same streams in opposite order never deadlock', { skip }, async () => {
  const both = (first: string, second: string) =>
    given.db.transaction(
      async () => {
        await append(first, 'any', 1);
        await append(second, 'any', 1);
      },
      { retries: 0 },
    );
  await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 ? both('a', 'b') : both('b', 'a'))));
  deepStrictEqual([(await amounts('a')).length, (await amounts('b')).length], [60, 60]);
});

test('two stores of one database append in one order, and to one stream as one', { skip }, async () => {
  const other = new PostgresEventStore(given.db);
  await given.db.transaction(async () => {
    await append('b', 'none', 1);
    await other.append({ stream: 'a', expected: 'none', events: [deposited(1)] });
    await other.append({ stream: 'b', expected: 1, events: [deposited(2)] });
  });
  deepStrictEqual(await amounts('b'), [1, 2]);
  const order = (await given.store.readAll({ after: 0 })).map(({ stream }) => stream);
  deepStrictEqual(order, ['a', 'b', 'b']);
});

test('schedule 4.5: the time of a stream never runs backwards, though the clock did', { skip }, async () => {
  await append('a', 'none', 1);
  await given.db.execute(`update streams set last_at = clock_timestamp() + interval '1 hour'`);
  await given.db.execute(`update events set at = (select last_at from streams)`);
  await append('a', 'any', 2, 3);
  await append('a', 'any', 4);
  const snapshot = { state: {}, schema: 1 };
  await given.store.append({ stream: 'a', expected: 'any', events: [deposited(5), deposited(6)], snapshot });
  await given.store.append({ stream: 'a', expected: 6, events: [deposited(7)], snapshot });
  const [row] = await given.db.query(
    `select bool_and(later) as later from (select at > lag(at) over (order by version) as later from events) e`,
  );
  deepStrictEqual(row, { later: true });
});

test('asOf answers what had happened by a moment: always a prefix', { skip }, async () => {
  await append('a', 'none', 1, 2, 3);
  await given.db.execute(`update events set at = timestamptz '2026-01-01T00:00:00Z' + version * interval '1 hour'`);
  const asOf = async (time: string) =>
    (await given.store.read('a', { asOf: new Date(time) })).map(({ version }) => version);
  deepStrictEqual(await asOf('2026-01-01T00:59:59.999Z'), []);
  deepStrictEqual(await asOf('2026-01-01T01:00:00Z'), [1]);
  deepStrictEqual(await asOf('2026-01-01T02:30:00Z'), [1, 2]);
  deepStrictEqual(await asOf('2030-01-01T00:00:00Z'), [1, 2, 3]);
});
