import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import pg from 'pg';
import { Checkpoints } from './checkpoints.ts';
import { Bank, LOOK, TABLES, take } from './projection.fixtures.ts';

const options = { skip: databaseMissing };

const checkpointsOf = ({ db }: Bank, version: number) =>
  new Checkpoints(db, { name: 'balances', version, tables: TABLES });

/** A session whose look is that of this moment, however late it looks. */
async function aLateReader(bank: Bank) {
  const client = new pg.Client({ connectionString: bank.url });
  await client.connect();
  await client.query('begin isolation level repeatable read');
  await client.query('select 1 from events limit 1');
  return {
    look: async () => (await client.query(LOOK)).rows.map(Object.values),
    async end() {
      await client.query('commit');
      await client.end();
    },
  };
}

test('who begins to look while the successor takes in its last events sees the old one whole, or the new one whole', {
  ...options,
}, async (t) => {
  const bank = await Bank.open(t);
  const second = Promise.withResolvers<Awaited<ReturnType<typeof aLateReader>>>();
  const projection = await bank.projection({
    apply: async (events, model) => {
      if (model.isRebuild && events.at(-1)!.position === 51) second.resolve(await aLateReader(bank));
      await take(events, model);
    },
  });
  await bank.transfers(50);
  await projection.catchUp();
  const first = await aLateReader(bank);
  const rebuilding = projection.rebuild();
  await eventually('the successor is full', async () => (await projection.status()).rebuild?.position === 50);
  await bank.transfers(1);
  await projection.catchUp();
  await first.end();
  const reader = await second.promise;
  await eventually('it has taken over, or waits', async () => {
    const { rebuild } = await projection.status();
    return rebuild === undefined || rebuild.position === 51;
  });
  for (let looks = 0; looks < 30; looks++) await projection.status();
  deepStrictEqual(await reader.look(), [[0, 51, 51]]);
  await reader.end();
  await rebuilding;
  deepStrictEqual(await bank.look(), { sum: 0, seen: 51, taken: 51 });
});

test('a read model that stands still takes nothing in, and never by code that is older than it', options, async (t) => {
  const bank = await Bank.open(t);
  const projection = await bank.projection({ version: 2 });
  await bank.transfers(10);
  await projection.catchUp();
  const [older, checkpoints] = [checkpointsOf(bank, 1), checkpointsOf(bank, 2)];
  const move = (by: Checkpoints) => bank.db.transaction(() => bank.db.write(by.moved(10, to)), { retries: 0 });
  const to = { position: 11, at: new Date() };
  const lost = { name: 'ConcurrencyError' };
  strictEqual(await checkpoints.freeze(), 10);
  await rejects(move(checkpoints), lost);
  await checkpoints.thaw();
  await rejects(move(older), lost);
  await move(checkpoints);
  strictEqual((await checkpoints.current())?.position, 11);
});

test(
  'a successor that has not come as far does not take over, though nobody stands still any more',
  options,
  async (t) => {
    const bank = await Bank.open(t);
    const projection = await bank.projection();
    await bank.transfers(10);
    await projection.catchUp();
    const checkpoints = checkpointsOf(bank, 1);
    const run = await checkpoints.beginRebuild();
    for (const at of [0, 10]) strictEqual(await checkpoints.install({ run, at }), false);
    deepStrictEqual(await bank.look(), { sum: 0, seen: 10, taken: 10 });
  },
);

test('a successor does not take over from a read model that is just moving on', options, async (t) => {
  const bank = await Bank.open(t);
  await bank.projection();
  const checkpoints = checkpointsOf({ ...bank, db: bank.pool() } as Bank, 1);
  const run = await checkpoints.beginRebuild();
  const [moved, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const moving = bank.db.transaction(async () => {
    await bank.db.execute('update projections set position = 1');
    moved.resolve();
    await gate.promise;
  });
  await moved.promise;
  const installing = checkpoints.install({ run, at: 0 });
  await eventually('it waits', () => isWaiting(bank, 'projections'));
  gate.resolve();
  await moving;
  strictEqual(await installing, false);
  strictEqual((await checkpoints.rebuilding())?.run, run);
});

/** Whether somebody waits for a lock, with a statement about this. */
const isWaiting = async ({ db }: Bank, about: string): Promise<boolean> =>
  (
    await db.query(
      `select 1 from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like '%' || $1 || '%'`,
      [about],
    )
  ).length > 0;
