import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { messagingMigrations } from '@ashlar/messaging';
import { type Database, databaseMissing, PostgresDatabase, withTestDatabase } from '@ashlar/postgres';
import { deposited, useEventStore } from './event-store.fixtures.ts';
import { PostgresEventStore, type StoredEvent } from './event-store.ts';
import { eventStoreMigrations } from './migrations.ts';

const skip = databaseMissing;
const given = useEventStore({ maxConnections: 16 });

const append = (stream: string, count = 1) =>
  given.store.append({ stream, expected: 'any', events: Array.from({ length: count }, () => deposited(1)) });
const positions = (events: readonly StoredEvent[]) => events.map(({ position }) => position);

/** A writer that has drawn its positions and has not committed yet. */
async function aSlowWriter(stream: string, count = 1) {
  const [drawn, end] = [Promise.withResolvers<void>(), Promise.withResolvers<'commit' | 'rollback'>()];
  const events = JSON.stringify([{ stream, expected: -1, events: Array.from({ length: count }, () => deposited(1)) }]);
  const work = given.db.transaction(async () => {
    await given.db.execute('select * from append_events($1)', [events]);
    drawn.resolve();
    if ((await end.promise) === 'rollback') throw new Error('rolled back');
  });
  work.catch(() => {});
  await drawn.promise;
  return async (how: 'commit' | 'rollback') => {
    end.resolve(how);
    await work.catch(() => {});
  };
}

test('all events are read in the order of their positions, in pages', { skip }, async () => {
  for (const stream of ['a', 'b', 'c']) await append(stream, 3);
  const { store } = given;
  deepStrictEqual(positions(await store.readAll({ after: 0 })), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  deepStrictEqual(positions(await store.readAll({ after: 2, limit: 3 })), [3, 4, 5]);
  deepStrictEqual(await store.readAll({ after: 9 }), []);
});

test('a reader never goes past a gap that may still fill', { skip }, async () => {
  const { store } = given;
  await append('a');
  const end = await aSlowWriter('slow', 2);
  await append('b');
  deepStrictEqual(positions(await store.readAll({ after: 0 })), [1]);
  for (let look = 0; look < 3; look++) deepStrictEqual(await store.readAll({ after: 1 }), []);
  await end('commit');
  deepStrictEqual(positions(await store.readAll({ after: 1 })), [2, 3, 4]);
});

test('a gap that was rolled back is skipped', { skip }, async () => {
  const { store } = given;
  await append('a');
  const end = await aSlowWriter('slow', 3);
  await append('b');
  deepStrictEqual(await store.readAll({ after: 1 }), []);
  await end('rollback');
  deepStrictEqual(positions(await store.readAll({ after: 1 })), [5]);
});

test('a gap whose writer ended between the look at the events and the look at the writers is filled, not skipped', {
  skip,
}, async () => {
  const { store } = given;
  const end = await aSlowWriter('slow');
  await append('b');
  const [early] = await Promise.all([store.readAll({ after: 0 }), end('commit')]);
  const late = await store.readAll({ after: early.at(-1)?.position ?? 0 });
  deepStrictEqual(positions([...early, ...late]), [1, 2]);
});

test('a gap waits only for those who were writing when it was seen, not for those who came later', {
  skip,
}, async () => {
  const { store } = given;
  const first = await aSlowWriter('first');
  await append('b');
  deepStrictEqual(await store.readAll({ after: 0 }), []);
  const second = await aSlowWriter('second');
  await first('rollback');
  deepStrictEqual(positions(await store.readAll({ after: 0 })), [2]);
  await second('commit');
  deepStrictEqual(positions(await store.readAll({ after: 2 })), [3]);
});

test('two gaps side by side, one filled and one rolled back, are told apart', { skip }, async () => {
  const { store } = given;
  const [first, second] = [await aSlowWriter('first'), await aSlowWriter('second')];
  await append('b');
  deepStrictEqual(await store.readAll({ after: 0 }), []);
  await first('rollback');
  deepStrictEqual(await store.readAll({ after: 0 }), [], 'The second may still commit.');
  await second('commit');
  deepStrictEqual(positions(await store.readAll({ after: 0 })), [2, 3]);
});

test('readers at different gaps share a store without holding each other up', { skip }, async () => {
  const { store } = given;
  const first = await aSlowWriter('first');
  await append('a');
  const second = await aSlowWriter('second');
  await append('b');
  const look = () => Promise.all([store.readAll({ after: 0 }), store.readAll({ after: 2 })]);
  deepStrictEqual(await look(), [[], []]);
  const later = await aSlowWriter('later');
  await Promise.all([first('rollback'), second('rollback')]);
  const [one, two] = await look();
  deepStrictEqual([positions(one), positions(two)], [[2], [4]]);
  await later('commit');
});

test('schedule 4.2: a long transaction that writes elsewhere holds no reader up', { skip }, async () => {
  const end = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const elsewhere = given.db.transaction(async () => {
    await given.db.execute(`insert into outbox_keys values ('c', 'k', 1)`);
    began.resolve();
    await end.promise;
  });
  await began.promise;
  await append('a');
  deepStrictEqual(positions(await given.store.readAll({ after: 0 })), [1]);
  end.resolve();
  await elsewhere;
});

test('schedule 4.1: positions are in version order within a stream, whoever began first', { skip }, async () => {
  const { db } = given;
  await append('a');
  const began = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const older = db.transaction(async () => {
    await db.execute(`insert into outbox_keys values ('c', 'k', 1)`);
    began.resolve();
    await gate.promise;
    await append('a');
  });
  await began.promise;
  await append('a');
  gate.resolve();
  await older;
  deepStrictEqual(
    (await given.store.readAll({ after: 0 })).map(({ version }) => version),
    [1, 2, 3],
  );
});

test('schedule 4.3: events that were copied into a new database are all read there, and the next ones follow', {
  skip,
}, async () => {
  await append('a', 2);
  const end = await aSlowWriter('rolled back', 3);
  await append('b', 2);
  await end('rollback');
  const [streams, events] = await Promise.all(['streams', 'events'].map((table) => rowsOf(given.db, table)));
  const migrations = [...(await messagingMigrations()), ...(await eventStoreMigrations())];
  await withTestDatabase(migrations, async ({ url }) => {
    const db = new PostgresDatabase({ url });
    const store = new PostgresEventStore(db);
    await db.execute('insert into streams select * from json_populate_recordset(null::streams, $1)', [streams]);
    await db.execute('insert into events select * from json_populate_recordset(null::events, $1)', [events]);
    await db.query(`select setval('events_position_seq', max(position)) from events`);
    const copied = await everything(store);
    await store.append({ stream: 'a', expected: 2, events: [deposited(3)] });
    const all = await everything(store);
    await db.close();
    deepStrictEqual(copied, await everything(given.store));
    deepStrictEqual(
      all.map(({ position, stream, version }) => `${position}: ${stream} ${version}`),
      ['1: a 1', '2: a 2', '6: b 1', '7: b 2', '8: a 3'],
    );
  });
});

test('under many writers, long transactions and rollbacks, a reader skips nothing and keeps the order of each stream', {
  skip,
}, async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const chance = pseudoRandom(seed);
  const { db, store } = given;
  let writing = 12;
  const writers = Array.from({ length: writing }, async () => {
    for (let round = 0; round < 25; round++) {
      const rolledBack = chance() < 0.3;
      const slow = chance() < 0.4;
      const streams = [`s${Math.floor(chance() * 6)}`, `s${Math.floor(chance() * 6)}`].slice(0, chance() < 0.5 ? 1 : 2);
      await db
        .transaction(async () => {
          const batches = [...new Set(streams)]
            .sort()
            .map((stream) => ({ stream, expected: -1, events: [deposited(round)] }));
          await db.execute('select * from append_events($1)', [JSON.stringify(batches)]);
          if (slow) await db.query('select pg_sleep(0.003)');
          if (rolledBack) throw new Error('rolled back');
        })
        .catch(() => {});
    }
    writing -= 1;
  });
  const read: StoredEvent[] = [];
  const look = async () => read.push(...(await store.readAll({ after: read.at(-1)?.position ?? 0, limit: 7 })));
  while (writing > 0) await look();
  await Promise.all(writers);
  for (let before = -1; before !== read.length; ) {
    before = read.length;
    await look();
    await look();
  }
  const all = await db.query<{ position: number }>('select position from events order by position');
  deepStrictEqual(
    positions(read),
    all.map(({ position }) => position),
  );
  const versions = new Map<string, number>();
  for (const { stream, version } of read) {
    strictEqual(version, (versions.get(stream) ?? 0) + 1);
    versions.set(stream, version);
  }
  ok(all.at(-1)!.position > all.length, 'There must have been gaps.');
});

/** All events, up to each gap and then past it. */
async function everything(store: PostgresEventStore): Promise<StoredEvent[]> {
  const read: StoredEvent[] = [];
  for (let page = await store.readAll({ after: 0 }); page.length > 0; ) {
    read.push(...page);
    page = await store.readAll({ after: page.at(-1)!.position });
  }
  return read;
}

/** All rows of a table, as JSON. */
async function rowsOf(db: Database, table: string): Promise<string> {
  const [row] = await db.query<{ rows: unknown }>(`select json_agg(t) as rows from ${table} t`);
  return JSON.stringify(row?.rows);
}

/** mulberry32 */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
