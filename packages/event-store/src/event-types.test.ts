import { deepStrictEqual, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import type { Decider } from './decider.ts';
import { EventSourced, flatCodec } from './event-sourced.ts';
import { useEventStore } from './event-store.fixtures.ts';
import { PostgresEventStore } from './event-store.ts';
import { type EventTypes, eventTypes } from './event-types.ts';

const skip = databaseMissing;
const given = useEventStore();

type Event =
  | { readonly type: 'Opened'; readonly owner: string }
  | { readonly type: 'Deposited'; readonly amount: number; readonly currency: string };

/** Its deposits were called sums once, and had no currency before that of today. */
const today = eventTypes<Event>({
  Opened: [],
  Deposited: [({ sum }) => ({ amount: sum }), (v2) => ({ ...v2, currency: 'USD' })],
});
const yesterday = eventTypes<Event>({ Opened: [], Deposited: [({ sum }) => ({ amount: sum })] });
const longAgo = eventTypes<Event>({ Opened: [], Deposited: [] });

const knowing = (types: EventTypes) => new PostgresEventStore(given.db, types);
const account: Decider<{ amount: number }, Event, { readonly [currency: string]: number }> = {
  initial: {},
  decide: ({ amount }) => [{ type: 'Deposited', amount, currency: 'USD' }],
  evolve: (state, event) =>
    event.type === 'Opened' ? state : { ...state, [event.currency]: (state[event.currency] ?? 0) + event.amount },
};
const accounts = ({ types = today, snapshotSchema = 1, snapshotEvery = 20 } = {}) =>
  new EventSourced(given.db, knowing(types), {
    decider: account,
    codec: flatCodec<Event>(),
    snapshotSchema,
    snapshotEvery,
  });

const opened = { type: 'Opened', data: { owner: 'Ada' } };
const append = (types: EventTypes, data: object) =>
  knowing(types).append({ stream: 'a', expected: 'any', events: [{ type: 'Deposited', data }] });

/** A stream that code of three ages has written. */
async function anOldStream() {
  await knowing(longAgo).append({ stream: 'a', expected: 'none', events: [opened] });
  await append(longAgo, { sum: 1 });
  await append(yesterday, { amount: 2 });
  await append(today, { amount: 4, currency: 'EUR' });
}

const UP_TO_DATE = [
  { version: 1, ...opened },
  { version: 2, type: 'Deposited', data: { amount: 1, currency: 'USD' } },
  { version: 3, type: 'Deposited', data: { amount: 2, currency: 'USD' } },
  { version: 4, type: 'Deposited', data: { amount: 4, currency: 'EUR' } },
];

test('events of every age are read as they would be written today, by whichever way they are read', {
  skip,
}, async () => {
  await anOldStream();
  const store = knowing(today);
  const { events } = await store.load('a');
  for (const read of [await store.read('a'), await store.readAll({ after: 0 }), events]) {
    deepStrictEqual(
      read.map(({ version, type, data }) => ({ version, type, data })),
      UP_TO_DATE,
    );
  }
  deepStrictEqual((await accounts().load('a')).state, { USD: 3, EUR: 4 });
});

test('an event is stored under its version of the day, and never changed', { skip }, async () => {
  await anOldStream();
  await accounts().execute('a', { amount: 8 });
  const rows = await given.db.query<{ type: string }>('select type from events order by version');
  deepStrictEqual(
    rows.map(({ type }) => type),
    ['Opened', 'Deposited', 'Deposited.v2', 'Deposited.v3', 'Deposited.v3'],
  );
  deepStrictEqual((await new PostgresEventStore(given.db).read('a', { to: 2 })).at(-1)?.data, { sum: 1 });
});

test('the past is brought up to date as well', { skip }, async () => {
  await anOldStream();
  await given.db.execute(`update events set at = timestamptz '2026-01-01T00:00:00Z' + version * interval '1 hour'`);
  deepStrictEqual((await accounts().asOf('a', new Date('2026-01-01T02:30:00Z')))?.state, { USD: 1 });
});

test('a snapshot of the same schema is followed by old events that are brought up to date', { skip }, async () => {
  await accounts({ snapshotEvery: 1 }).execute('a', { amount: 1 });
  await append(longAgo, { sum: 2 });
  await given.db.execute(`update streams set snapshot = '{"USD": 10}'`);
  deepStrictEqual(await accounts().load('a'), { state: { USD: 12 }, version: 2 });
});

test('a snapshot of an older schema is ignored: the state comes from all events, as they are today', {
  skip,
}, async () => {
  await anOldStream();
  await given.db.execute(`update streams set snapshot = '{"USD": 999}', snapshot_version = 4, snapshot_schema = 1`);
  deepStrictEqual(await accounts({ snapshotSchema: 2 }).load('a'), { state: { USD: 3, EUR: 4 }, version: 4 });
});

test('the past before a snapshot is answered from the events, not from the snapshot', { skip }, async () => {
  for (let n = 1; n <= 5; n++) await accounts({ snapshotEvery: 2 }).execute('a', { amount: n });
  await given.db.execute(`update events set at = timestamptz '2026-01-01T00:00:00Z' + version * interval '1 hour'`);
  const at = new Date('2026-01-01T03:00:00Z');
  deepStrictEqual(await accounts().asOf('a', at), { state: { USD: 6 }, version: 3, at });
});

test('a type that is not known fails every reader, and tells where it lies', { skip }, async () => {
  await knowing(today).append({ stream: 'a', expected: 'none', events: [opened] });
  await given.store.append({ stream: 'a', expected: 1, events: [{ type: 'Shrunk', data: {} }] });
  const loud = { name: 'UnknownEventError', message: /^Stream a holds at version 2 an event of the type Shrunk,/ };
  const store = knowing(today);
  await rejects(store.read('a'), loud);
  await rejects(store.load('a'), loud);
  await rejects(store.readAll({ after: 0 }), loud);
  await rejects(accounts().execute('a', { amount: 1 }), loud);
});

test('an event that cannot be brought up to date fails every reader, and tells where it lies, and why', {
  skip,
}, async () => {
  const strict = eventTypes<Event>({ Opened: [], Deposited: [({ sum }) => ({ amount: sum.cents }), (v2) => v2] });
  await anOldStream();
  await append(longAgo, {});
  const loud = { name: 'UpcastError', message: /^Stream a holds at version 5 .* Deposited, which .*: TypeError: / };
  await rejects(knowing(strict).read('a', { from: 3 }), loud);
  await rejects(knowing(strict).readAll({ after: 2 }), loud);
});

test('code that is older than an event does not guess what it means', { skip }, async () => {
  await anOldStream();
  await rejects(knowing(yesterday).read('a'), /version 4 .* Deposited\.v3, which is known .* v2/);
});

test('an event of a type that is not known is not stored', { skip }, async () => {
  const shrink = knowing(today).append({ stream: 'a', expected: 'any', events: [{ type: 'Shrunk', data: {} }] });
  await rejects(shrink, { name: 'UnknownEventError' });
  deepStrictEqual(await given.store.read('a'), []);
});

test('the version of an event is the number of its upcasters, and is not written into its name', () => {
  throws(() => eventTypes({ 'Deposited.v2': [] }), /Deposited\.v2 is no name of an event/);
});
