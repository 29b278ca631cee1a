import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { event, outgoing, PostgresOutbox } from '@ashlar/messaging';
import { ConcurrencyError, databaseMissing } from '@ashlar/postgres';
import { Type } from 'typebox';
import { deposited, useEventStore } from './event-store.fixtures.ts';
import { type ExpectedVersion, PostgresEventStore } from './event-store.ts';

const skip = databaseMissing;
const given = useEventStore();

const append = (stream: string, expected: ExpectedVersion, ...amounts: number[]) =>
  given.store.append({ stream, expected, events: amounts.map(deposited) });
const amounts = async (stream: string) =>
  (await given.store.read(stream)).map(({ data }) => (data as { amount: number }).amount);
const conflict = (actualVersion: number | undefined) => (error: unknown) =>
  error instanceof ConcurrencyError && error.actualVersion === actualVersion;

test('«none» begins a stream, and is refused with the actual version where there is one', { skip }, async () => {
  await append('a', 'none', 1, 2);
  await rejects(append('a', 'none', 3), conflict(2));
  deepStrictEqual(await amounts('a'), [1, 2]);
});

test('an exact version continues a stream; any other is refused with the actual version', { skip }, async () => {
  await append('a', 0, 1);
  await append('a', 1, 2, 3);
  await rejects(append('a', 1, 4), conflict(3));
  await rejects(append('a', 9, 4), conflict(3));
  await rejects(append('nowhere', 5, 4), conflict(0));
  deepStrictEqual(await amounts('a'), [1, 2, 3]);
});

test('«exists» continues any stream but begins none', { skip }, async () => {
  await rejects(append('a', 'exists', 1), conflict(0));
  await append('a', 'none', 1);
  await append('a', 'exists', 2);
  deepStrictEqual(await amounts('a'), [1, 2]);
});

test('«any» begins or continues', { skip }, async () => {
  await append('a', 'any', 1);
  await append('a', 'any', 2);
  deepStrictEqual(await amounts('a'), [1, 2]);
});

test('of many who append to the same version, one wins, and the others hear how far the stream is', {
  skip,
}, async () => {
  await append('a', 'none', 0);
  const outcomes = await Promise.allSettled(Array.from({ length: 16 }, (_, n) => append('a', 1, n)));
  const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  strictEqual(lost.length, 15);
  ok(lost.every(conflict(2)));
  strictEqual((await amounts('a')).length, 2);
});

test('a stream that is begun by many at once is begun once', { skip }, async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 16 }, (_, n) => append('a', 'none', n)));
  strictEqual(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('appending nothing is nothing', { skip }, async () => {
  await append('a', 7);
  deepStrictEqual(await amounts('a'), []);
});

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

const twice = (first: ExpectedVersion, second: ExpectedVersion) =>
  given.db.transaction(
    async () => {
      await append('a', first, 1, 2);
      await append('a', second, 3);
    },
    { retries: 0 },
  );

test('two appends to one stream in one transaction are one, if the second expects what the first leaves', {
  skip,
}, async () => {
  await twice('none', 2);
  await twice(3, 5);
  await twice('any', 'exists');
  await twice('exists', 11);
  strictEqual((await amounts('a')).length, 12);
});

test('two appends to one stream that contradict each other are refused', { skip }, async () => {
  for (const [first, second] of [
    ['none', 1],
    ['none', 'none'],
    [0, 3],
    ['any', 1],
    ['exists', 2],
  ] as const) {
    await rejects(twice(first, second), ConcurrencyError, `${first}, then ${second}`);
  }
  deepStrictEqual(await amounts('a'), []);
});

test('an exact version after «any» still has to be the actual one', { skip }, async () => {
  await append('a', 'none', 0, 0, 0);
  await rejects(twice('any', 3), conflict(3));
  await twice('any', 5);
  strictEqual((await amounts('a')).length, 6);
});

test('a failed part of a transaction takes its appends back', { skip }, async () => {
  await given.db.transaction(async () => {
    await append('a', 'none', 1);
    const part = given.db.transaction(async () => {
      await append('a', 1, 2);
      throw new Error('refused');
    });
    await rejects(part, /refused/);
    await append('a', 1, 3);
  });
  deepStrictEqual(await amounts('a'), [1, 3]);
});

test('a stream is read in parts, forwards and backwards', { skip }, async () => {
  await append('a', 'none', 1, 2, 3, 4, 5);
  const versions = async (options: Parameters<typeof given.store.read>[1]) =>
    (await given.store.read('a', options)).map(({ version }) => version);
  deepStrictEqual(await versions({}), [1, 2, 3, 4, 5]);
  deepStrictEqual(await versions({ from: 2, to: 4 }), [2, 3, 4]);
  deepStrictEqual(await versions({ backwards: true, limit: 2 }), [5, 4]);
  deepStrictEqual(await versions({ to: 3, backwards: true }), [3, 2, 1]);
  deepStrictEqual(await versions({ from: 6 }), []);
  deepStrictEqual(await given.store.read('nowhere'), []);
});

test('an event is read as it was stored, with its place and time', { skip }, async () => {
  const data = { amount: 1, nested: { list: [1, null, 'ü'] } };
  await given.store.append({ stream: 'a', expected: 'none', events: [{ type: 'Deposited', data }] });
  const [stored] = await given.store.read('a');
  deepStrictEqual(
    { ...stored, at: undefined },
    { position: 1, stream: 'a', version: 1, type: 'Deposited', data, at: undefined },
  );
  ok(stored!.at instanceof Date);
});

test('schedule 4.5: the time of a stream never runs backwards, though the clock did', { skip }, async () => {
  await append('a', 'none', 1);
  await given.db.execute(`update streams set last_at = clock_timestamp() + interval '1 hour'`);
  await given.db.execute(`update events set at = (select last_at from streams)`);
  await append('a', 'any', 2, 3);
  await append('a', 'any', 4);
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
