import { deepStrictEqual, rejects } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { messagingMigrations } from '@ashlar/messaging';
import { databaseMissing, PostgresDatabase, withTestDatabase } from '@ashlar/postgres';
import { deposited, useEventStore } from './event-store.fixtures.ts';
import { PostgresEventStore, type StoredEvent } from './event-store.ts';
import { eventStoreMigrations } from './migrations.ts';

type Db = PostgresDatabase;

const skip = databaseMissing;
const given = useEventStore({ maxConnections: 16 });

const append = (stream: string) => given.store.append({ stream, expected: 'any', events: [deposited(1)] });
const read = async (after: number, store = given.store) =>
  (await store.readAll({ after })).map(({ position }) => position);
const insert = (stream: string) =>
  `select * from append_events('${JSON.stringify([{ stream, expected: -1, events: [deposited(1)] }])}')`;

/** A transaction in the hands of the test: it sends what it is told to, and ends when it is told to. */
async function aTransaction(t: TestContext, db = given.db) {
  const steps: { sql: string; done: PromiseWithResolvers<void> }[] = [];
  let wake = Promise.withResolvers<void>();
  const work = db.transaction(
    async () => {
      for (;;) {
        const step = steps.shift();
        if (!step) {
          await wake.promise;
          wake = Promise.withResolvers();
          continue;
        }
        if (step.sql === 'end') return step.done.resolve();
        if (step.sql === 'abandon') throw new Error('The test is over.');
        await db.execute(step.sql);
        step.done.resolve();
      }
    },
    { retries: 0 },
  );
  const send = async (sql: string) => {
    const done = Promise.withResolvers<void>();
    steps.push({ sql, done });
    wake.resolve();
    await Promise.race([done.promise, work]);
  };
  const commit = async () => {
    await send('end');
    await work;
  };
  t.after(() => send('abandon').catch(() => {}));
  return { send, commit };
}

test('positions of a savepoint that was rolled back are passed, and those that its transaction draws later are not', {
  skip,
}, async (t) => {
  const writer = await aTransaction(t);
  await writer.send('savepoint attempt');
  await writer.send(insert('a'));
  await append('b');
  deepStrictEqual(await read(0), []);
  await writer.send('rollback to savepoint attempt');
  deepStrictEqual(await read(0), [2]);
  await writer.send(insert('a'));
  await append('b');
  deepStrictEqual(await read(2), []);
  await writer.commit();
  deepStrictEqual(await read(2), [3, 4]);
});

test('a savepoint that was released belongs to its transaction', { skip }, async (t) => {
  const writer = await aTransaction(t);
  await writer.send('savepoint attempt');
  await writer.send(insert('a'));
  await writer.send('release savepoint attempt');
  await append('b');
  deepStrictEqual(await read(0), []);
  deepStrictEqual(await read(0), []);
  await writer.commit();
  deepStrictEqual(await read(0), [1, 2]);
});

test('a transaction that waits between the phases of its commit holds its gap open, whoever looks', {
  skip,
}, async (t) => {
  const [setting] = await given.db.query<{ most: string }>(`show max_prepared_transactions`);
  if (Object.values(setting!)[0] === '0') return t.skip('The server allows no prepared transactions.');
  const writer = await aTransaction(t);
  await writer.send(insert('a'));
  await append('b');
  const another = new PostgresEventStore(given.db);
  deepStrictEqual([await read(0), await read(0, another)], [[], []]);
  await writer.send(`prepare transaction 'gap'`);
  deepStrictEqual(
    [await read(0), await read(0, another), await read(0, new PostgresEventStore(given.db))],
    [[], [], []],
  );
  await given.db.execute(`commit prepared 'gap'`);
  deepStrictEqual(
    [await read(0), await read(0, another)],
    [
      [1, 2],
      [1, 2],
    ],
  );
});

test('a transaction that began long ago, and writes late, is waited for', { skip }, async (t) => {
  const old = await aTransaction(t);
  await old.send('select 1');
  await append('a');
  deepStrictEqual(await read(0), [1]);
  await old.send(insert('b'));
  await append('a');
  deepStrictEqual(await read(1), []);
  await old.commit();
  deepStrictEqual(await read(1), [2, 3]);
});

test('a writer in a copy of the database, whose tables have the same numbers, holds nobody up', { skip }, async (t) => {
  const migrations = [...(await messagingMigrations()), ...(await eventStoreMigrations())];
  await withTestDatabase(migrations, async ({ url }) => {
    const copy = new URL(`${url}_copy`);
    const names = [copy, new URL(url)].map(({ pathname }) => pathname.slice(1));
    await given.db.execute(`create database ${names.join(' template ')} strategy file_copy`);
    const [here, elsewhere] = [url, copy.href].map((one) => new PostgresDatabase({ url: one })) as [Db, Db];
    const foreign = await aTransaction(t, elsewhere);
    await foreign.send(insert('a'));
    await rejects(
      here.transaction(async () => {
        await here.execute(insert('gone'));
        throw new Error('rolled back');
      }),
    );
    await here.execute(insert('a'));
    deepStrictEqual(await read(0, new PostgresEventStore(here)), [2]);
    await foreign.commit();
    for (const one of [here, elsewhere]) await one.close();
    await given.db.execute(`drop database ${names[0]} with (force)`);
  });
});

test('a reader whose look stays in the past is refused: it would take what commits meanwhile for rolled back', {
  skip,
}, async (t) => {
  const writer = await aTransaction(t);
  await writer.send(insert('a'));
  await append('b');
  const frozen = given.db.transaction(async () => {
    await given.db.query('set transaction isolation level repeatable read');
    await read(0);
  });
  await rejects(frozen, /at read committed, not at repeatable read/);
  await writer.commit();
});

test('a replica is refused: it would take what the primary has not sent yet for rolled back', { skip }, async (t) => {
  const writer = await aTransaction(t);
  await writer.send(insert('a'));
  await append('b');
  const copy = Object.create(given.db, {
    query: {
      value: async (sql: string, values: unknown[]) =>
        given.db.query(sql.replace('pg_is_in_recovery()', 'true'), values),
    },
  });
  await rejects(read(0, new PostgresEventStore(copy)), /read on the primary: a replica does not know/);
  await writer.commit();
});

test('a sequence that hands out positions in advance is refused before anything is skipped', { skip }, async (t) => {
  await given.db.execute('alter sequence events_position_seq cache 10');
  try {
    const first = await aTransaction(t);
    await first.send(insert('a'));
    await append('b');
    await first.commit();
    const all: unknown = await given.store.readAll({ after: 1 }).catch((error: Error) => error.message);
    deepStrictEqual(all, "The sequence of the events' positions caches 10: readers would skip some.");
  } finally {
    await given.db.execute('alter sequence events_position_seq cache 1');
  }
});

test('notes of before a restart of the server mean nothing after it', { skip }, async (t) => {
  const writer = await aTransaction(t);
  await writer.send(insert('a'));
  await append('b');
  let server = 'before';
  const restarted = Object.create(given.db, {
    query: {
      value: async (sql: string, values: unknown[]) =>
        (await given.db.query(sql, values)).map((row) =>
          'writers' in row ? { ...row, server, ...(server === 'before' && { writers: ['-1/7'] }) } : row,
        ),
    },
  });
  const store = new PostgresEventStore(restarted);
  deepStrictEqual(await read(0, store), []);
  server = 'after';
  deepStrictEqual(await read(0, store), [], 'The name that was noted is gone, but so are all names.');
  await writer.commit();
  deepStrictEqual(await read(0, store), [1, 2]);
});

test('a prepared transaction that a crash of the server gives another name is waited for all the same', {
  skip,
}, async (t) => {
  const writer = await aTransaction(t);
  await writer.send(insert('a'));
  await append('b');
  let isRecovered = false;
  const crashed = Object.create(given.db, {
    query: {
      value: async (sql: string, values: unknown[]) =>
        (await given.db.query(sql, values)).map((row) =>
          'writers' in row && isRecovered ? { ...row, writers: ['-1/767'] } : row,
        ),
    },
  });
  const store = new PostgresEventStore(crashed);
  deepStrictEqual(await read(0, store), []);
  isRecovered = true;
  deepStrictEqual(await read(0, store), [], 'The name that was noted is gone, but not its transaction.');
  await writer.commit();
  deepStrictEqual(await read(0, store), [1, 2]);
});

test('notes of a gap say nothing of another one at the same place, in a store that was emptied', {
  skip,
}, async (t) => {
  const before = await aTransaction(t);
  await before.send(insert('a'));
  await append('b');
  deepStrictEqual(await read(0), []);
  await before.commit();
  await given.db.execute('truncate streams, events restart identity');
  const after = await aTransaction(t);
  await after.send(insert('a'));
  await append('b');
  deepStrictEqual(await read(0), []);
  await after.commit();
  deepStrictEqual(await read(0), [1, 2]);
});

test('of many writers and readers, each reader sees every event once, in the order of the positions', {
  skip,
}, async () => {
  let writing = 8;
  const writers = Array.from({ length: writing }, async (_, number) => {
    for (let round = 0; round < 20; round++) {
      const attempt = given.db.transaction(
        async () => {
          await given.db.execute('savepoint attempt');
          await given.db.execute(insert(`s${(number + round) % 5}`));
          if (round % 3 === 0) await given.db.execute('rollback to savepoint attempt');
          if (round % 2 === 0) await given.db.execute(insert(`late${number}`));
          if (round % 5 === 0) throw new Error('rolled back');
        },
        { retries: 0 },
      );
      await attempt.catch(() => {});
    }
    writing -= 1;
  });
  const stores = [given.store, given.store, new PostgresEventStore(given.db)];
  const readers = stores.map(async (store, number) => {
    const seen: StoredEvent[] = [];
    for (let last = false; ; last = writing === 0) {
      const page = await store.readAll({ after: seen.at(-1)?.position ?? 0, limit: 3 + number });
      seen.push(...page);
      if (page.length === 0 && last) return seen.map(({ position }) => position);
    }
  });
  await Promise.all(writers);
  const all = await given.db.query<{ position: number }>('select position from events order by position');
  for (const seen of await Promise.all(readers)) {
    deepStrictEqual(
      seen,
      all.map(({ position }) => position),
    );
  }
});
