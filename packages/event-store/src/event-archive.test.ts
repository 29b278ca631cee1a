import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { ConcurrencyError, databaseMissing, eventually } from '@ashlar/postgres';
import { EventArchive } from './event-archive.ts';
import { EventSourced, flatCodec } from './event-sourced.ts';
import { deposited, useEventStore } from './event-store.fixtures.ts';
import type { StoredEvent } from './event-store.ts';

const skip = databaseMissing;
const given = useEventStore({ maxConnections: 16 });

const archive = (afterMs = 0) => new EventArchive({ db: given.db, afterMs });
const append = (stream: string, ...amounts: number[]) =>
  given.store.append({ stream, expected: 'any', events: amounts.map(deposited) });
const end = (stream: string) => given.store.append({ stream, expected: 'exists', events: [], ends: true });
const places = (events: readonly StoredEvent[]) => events.map(({ stream, version }) => `${stream}/${version}`);
const hot = async () => (await given.db.query('select 1 from events')).length;
const ended = (version: number) => ({
  code: 'stream_ended',
  message: new RegExp(`has ended at version ${version}\\.`),
});

test('nothing is appended to a stream that has ended, whatever is expected of it', { skip }, async () => {
  await append('a', 1, 2);
  await end('a');
  for (const expected of [2, 'exists', 'any', 'none'] as const) {
    await rejects(given.store.append({ stream: 'a', expected, events: [deposited(3)] }), ended(2));
  }
  const withSnapshot = { stream: 'a', expected: 2, snapshot: { state: {}, schema: 1 } } as const;
  await rejects(given.store.append({ ...withSnapshot, events: [deposited(3)] }), ended(2));
  await rejects(end('a'), ended(2));
  strictEqual((await given.store.read('a')).length, 2);
});

test('a stream ends with its last events, or not at all', { skip }, async () => {
  const last = { stream: 'a', events: [deposited(2)], ends: true };
  await append('a', 1);
  await rejects(given.store.append({ ...last, expected: 7 }), ConcurrencyError);
  await append('a', 1);
  await given.store.append({ ...last, expected: 2 });
  await rejects(append('a', 1), ended(3));
  await rejects(end('nowhere'), ConcurrencyError);
});

test('in one transaction, too, nothing follows the end of a stream', { skip }, async () => {
  const work = given.db.transaction(async () => {
    await given.store.append({ stream: 'a', expected: 'none', events: [deposited(1)], ends: true });
    await append('a', 2);
  });
  await rejects(work, { code: 'stream_ended' });
  deepStrictEqual(await given.store.read('a'), []);
});

test('of an append and the end of a stream at the same moment, one comes first, and none is lost', {
  skip,
}, async () => {
  await append('a', 0);
  const work = Array.from({ length: 12 }, (_, n) => (n === 6 ? end('a') : append('a', n)));
  const outcomes = await Promise.allSettled(work);
  const done = outcomes.filter(({ status }, n) => status === 'fulfilled' && n !== 6).length;
  strictEqual((await given.store.read('a')).length, done + 1);
  await rejects(append('a', 1), { code: 'stream_ended' });
});

test('an archived stream is read as before, forwards, backwards, as of a time, and with its snapshot', {
  skip,
}, async () => {
  const { store } = given;
  await append('a', 1, 2);
  const snapshot = { state: { balance: 6 }, schema: 1 };
  await store.append({ stream: 'a', expected: 2, events: [deposited(3)], snapshot });
  await append('a', 4);
  await given.db.execute(`update events set at = timestamptz '2026-01-01T00:00:00Z' + version * interval '1 hour'`);
  await end('a');
  const read = () =>
    Promise.all([
      store.read('a'),
      store.read('a', { backwards: true, limit: 2, to: 3 }),
      store.read('a', { asOf: new Date('2026-01-01T02:30:00Z') }),
      store.load('a', 1),
      store.head(),
      store.readAll({ after: 1 }),
    ]);
  const before = await read();
  strictEqual(await archive().archive('a'), 4);
  strictEqual(await hot(), 0);
  deepStrictEqual(await read(), before);
  strictEqual(await archive().archive('a'), 0, 'The second time there is nothing to move.');
  await rejects(append('a', 5), ended(4));
});

test('a stream that goes on is not archived', { skip }, async () => {
  await append('a', 1);
  await rejects(archive().archive('a'), { code: 'stream_not_ended' });
  await rejects(archive().archive('nowhere'), { code: 'stream_not_ended' });
  strictEqual(await hot(), 1);
});

test('by the policy those are archived that ended long enough ago', { skip }, async () => {
  for (const stream of ['old', 'young', 'open']) await append(stream, 1);
  await end('old');
  await end('young');
  await given.db.execute(`update streams set ended_at = ended_at - interval '2 days' where stream = 'old'`);
  deepStrictEqual(await archive(86_400_000).archiveDue(), ['old']);
  deepStrictEqual(await archive(86_400_000).archiveDue(), []);
  deepStrictEqual(places(await given.store.readAll({ after: 0 })), ['old/1', 'young/1', 'open/1']);
  strictEqual(await hot(), 2);
});

test('the policy works by itself once it is started', { skip }, async () => {
  await append('a', 1);
  await end('a');
  let tick = async () => {};
  const every = (_ms: number, work: () => Promise<void>) => {
    tick = work;
    return () => {};
  };
  const policy = new EventArchive({ db: given.db, afterMs: 0, timers: { once: () => () => {}, every } });
  policy.start();
  await tick();
  strictEqual(await hot(), 0);
  policy.stop();
});

test('an archive that is cut off has moved nothing', { skip }, async () => {
  await append('a', 1, 2);
  await end('a');
  const cutOff = given.db.transaction(async () => {
    await archive().archive('a');
    throw new Error('cut off');
  });
  await rejects(cutOff, /cut off/);
  strictEqual(await hot(), 2);
  strictEqual(await archive().archive('a'), 2);
});

test('an aggregate whose state is over ends its stream by itself', { skip }, async () => {
  const counter = new EventSourced(given.db, given.store, {
    decider: {
      initial: 0,
      decide: (count: number) => [{ type: 'Counted', count }],
      evolve: (sum, { count }) => sum + count,
    },
    codec: flatCodec<{ type: string; count: number }>(),
    snapshotSchema: 1,
    isOver: (sum) => sum >= 10,
  });
  await counter.execute('a', 4);
  await counter.execute('a', 6);
  await rejects(counter.execute('a', 1), { code: 'stream_ended' });
  strictEqual(await archive().archive('a'), 2);
  deepStrictEqual(await counter.load('a'), { state: 10, version: 2 });
});

test('while streams grow, end and are archived, two readers of all events skip none and see none twice', {
  skip,
}, async () => {
  const { store } = given;
  const STREAMS = 40;
  let isOver = false;
  const writer = async (number: number) => {
    for (let stream = number; stream < STREAMS; stream += 4) {
      for (let n = 1; n <= 5; n++) await append(`s${stream}`, n, n);
      await end(`s${stream}`);
    }
  };
  const reader = async () => {
    const read: StoredEvent[] = [];
    for (let last = false; ; last = isOver) {
      const page = await store.readAll({ after: read.at(-1)?.position ?? 0, limit: 9 });
      read.push(...page);
      if (page.length === 0 && last) return read;
    }
  };
  const archivist = async () => {
    while (!isOver) await archive().archiveDue();
    await archive().archiveDue();
  };
  const others = [reader(), reader(), archivist().then(() => [])];
  await Promise.all([0, 1, 2, 3].map(writer));
  isOver = true;
  const [first, second] = await Promise.all(others);
  const everything = await given.db.query<{ position: number }>('select position from all_events order by position');
  const positions = everything.map(({ position }) => position);
  strictEqual(positions.length, STREAMS * 10);
  for (const read of [first!, second!]) {
    deepStrictEqual(
      read.map(({ position }) => position),
      positions,
    );
  }
  await eventually('everything is archived', async () => (await hot()) === 0);
});

test('readers of all events find the next page by index in both tables', { skip }, async () => {
  for (let n = 0; n < 20; n++) await append(`s${n}`, ...Array.from({ length: 100 }, () => 1));
  for (let n = 0; n < 10; n++) {
    await end(`s${n}`);
    await archive().archive(`s${n}`);
  }
  await given.db.execute('analyze');
  const plan = await given.db.query<{ 'QUERY PLAN': string }>(
    'explain select * from all_events where position > 500 order by position limit 10',
  );
  const text = plan.map((row) => row['QUERY PLAN']).join('\n');
  ok(/Merge Append/.test(text) && !/Seq Scan|Sort/.test(text.replace(/Sort Key.*/g, '')), text);
});

test('by command all are archived that have ended, however many, and however lately', { skip }, async () => {
  for (let n = 0; n < 120; n++) await append(`s${n}`, 1, 2);
  for (let n = 0; n < 110; n++) await end(`s${n}`);
  deepStrictEqual(await archive(1_000_000).archiveEnded(), { streams: 110, events: 220 });
  strictEqual(await hot(), 20);
  deepStrictEqual(await archive(1_000_000).archiveEnded(), { streams: 0, events: 0 });
});
