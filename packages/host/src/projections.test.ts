import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { eventStoreMigrations, PostgresEventStore } from '@ashlar/event-store';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { EventProjection, type ProjectionStatus, projectionMigrations } from '@ashlar/projection';
import { aHostedService, noting } from './host.fixtures.ts';
import type { ServicePlatform } from './service.ts';

const skip = databaseMissing;
const migrations = async () => [...(await eventStoreMigrations()), ...(await projectionMigrations())];

test('promise 6: the lag of a read model and its reason are told, and a rebuild is asked for', { skip }, async (t) => {
  let isIll = true;
  const create = (platform: ServicePlatform) => {
    const { db, timers } = platform;
    const projection = new EventProjection({
      db,
      store: new PostgresEventStore(db),
      timers,
      name: 'note.count',
      version: 1,
      tables: 'create table counted (n bigint not null)',
      apply: async (events, { write }) => {
        if (isIll) throw new Error('It is ill.');
        await write({ sql: 'insert into counted values ($1)', values: [events.length] });
      },
    });
    return noting(async () => {}, { projections: [projection] })(platform);
  };
  const { running, platform, ask, metric } = await aHostedService(t, { create, migrations });
  await running.begin();
  const status = async () =>
    ((await (await ask('/ops/projections')).json()) as { items: ProjectionStatus[] }).items[0]!;
  strictEqual((await status()).state, 'live');
  const store = new PostgresEventStore(platform.db);
  const events = [1, 2].map((data) => ({ type: 'Happened', data }));
  await store.append({ stream: 's', expected: 'none', events });
  const labels = '{projection="note.count"}';
  strictEqual(await metric(`projection_lag${labels}`), 2);
  ok((await metric(`projection_lag_seconds${labels}`))! >= 0);
  await eventually('the reason is told', async () => (await status()).error?.includes('It is ill.') ?? false);
  isIll = false;
  await eventually('it has taken all in', async () => (await metric(`projection_lag${labels}`)) === 0);
  await platform.db.execute('delete from counted');
  const asked = await ask('/ops/projections/note.count/rebuild', { method: 'POST' });
  deepStrictEqual([asked.status, await asked.json()], [202, { name: 'note.count', state: 'rebuilding' }]);
  const counted = () => platform.db.query<{ sum: number }>('select sum(n)::bigint as sum from counted');
  await eventually('it is made anew', async () => (await counted())[0]?.sum === 2);
  await eventually('it is live', async () => (await status()).state === 'live');
});
