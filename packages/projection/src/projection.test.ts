import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { eventStoreMigrations, PostgresEventStore } from '@ashlar/event-store';
import { databaseMissing, PostgresDatabase, withTestDatabase } from '@ashlar/postgres';
import { EventProjection } from './event-projection.ts';
import { projectionMigrations } from './migrations.ts';
import { projectionStatuses } from './projection-status.ts';

const options = { skip: databaseMissing };

async function withStore(work: (parts: { db: PostgresDatabase; store: PostgresEventStore }) => Promise<void>) {
  const migrations = [...(await eventStoreMigrations()), ...(await projectionMigrations())];
  await withTestDatabase(migrations, async ({ url }) => {
    const db = new PostgresDatabase({ url });
    try {
      await db.execute('create table seen (position bigint not null)');
      await work({ db, store: new PostgresEventStore(db) });
    } finally {
      await db.close();
    }
  });
}

test('a read model takes in each event once, with its checkpoint', options, () =>
  withStore(async ({ db, store }) => {
    for (const n of [1, 2, 3])
      await store.append({ stream: `s${n}`, expected: 'none', events: [{ type: 'Happened', data: n }] });
    const seen: number[] = [];
    const projection = new EventProjection({
      db,
      store,
      name: 'seen',
      apply: async (events) => void seen.push(...events.map(({ position }) => position)),
    });
    strictEqual(await projection.catchUp(), 3);
    strictEqual(await projection.catchUp(), 0);
    deepStrictEqual(seen, [1, 2, 3]);
    deepStrictEqual(
      (await projectionStatuses(db)).map(({ name, position }) => [name, position]),
      [['seen', 3]],
    );
  }),
);

test('schedule 4.4: of two projectors of one name, an event is taken in by one', options, () =>
  withStore(async ({ db, store }) => {
    for (let n = 1; n <= 50; n++)
      await store.append({ stream: 's', expected: 'any', events: [{ type: 'Happened', data: n }] });
    const apply = async (events: readonly { position: number }[]) => {
      for (const { position } of events) await db.write({ sql: 'insert into seen values ($1)', values: [position] });
    };
    const projectors = [1, 2].map(() => new EventProjection({ db, store, name: 'seen', apply, batch: 5 }));
    const results = await Promise.allSettled(projectors.map((projection) => projection.catchUp()));
    await projectors[0]!.catchUp();
    const [row] = await db.query<{ count: number }>('select count(*) as count from seen');
    strictEqual(row?.count, 50);
    strictEqual(results.length, 2);
  }),
);

test('schedule 4.4: a projector that wakes up after another has gone on changes nothing any more', options, () =>
  withStore(async ({ db, store }) => {
    const append = (data: number) =>
      store.append({ stream: 's', expected: 'any', events: [{ type: 'Happened', data }] });
    const [frozen, thawed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const see = async (events: readonly { position: number }[]) => {
      for (const { position } of events) await db.write({ sql: 'insert into seen values ($1)', values: [position] });
    };
    const awake = new EventProjection({ db, store, name: 'seen', apply: see });
    const slow = new EventProjection({
      db,
      store,
      name: 'seen',
      apply: async (events) => {
        frozen.resolve();
        await thawed.promise;
        await see(events);
      },
    });
    await append(1);
    await awake.catchUp();
    await append(2);
    const late = slow.catchUp();
    await frozen.promise;
    await append(3);
    strictEqual(await awake.catchUp(), 2);
    thawed.resolve();
    await rejects(late, { name: 'ConcurrencyError' });
    deepStrictEqual(await db.query('select position from seen order by position'), [
      { position: 1 },
      { position: 2 },
      { position: 3 },
    ]);
    deepStrictEqual((await projectionStatuses(db))[0]?.position, 3);
  }),
);

test('a read model that fails keeps its checkpoint', options, () =>
  withStore(async ({ db, store }) => {
    await store.append({ stream: 's', expected: 'none', events: [{ type: 'Happened', data: 1 }] });
    const broken = new EventProjection({ db, store, name: 'seen', apply: () => Promise.reject(new Error('broken')) });
    strictEqual(await broken.catchUp().catch((error: Error) => error.message), 'broken');
    deepStrictEqual(await projectionStatuses(db), []);
  }),
);
