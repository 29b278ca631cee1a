import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { event, messagingMigrations, on } from '@ashlar/messaging';
import { aMessage } from '@ashlar/messaging/contract-suites';
import { databaseMissing as skip } from '@ashlar/postgres';
import { TripCount, useTestDatabase } from '@ashlar/postgres/contract-suites';
import Type from 'typebox';
import { MessageProjection } from './message-projection.ts';
import { projectionMigrations } from './migrations.ts';

const useDatabase = useTestDatabase(async () => [...(await messagingMigrations()), ...(await projectionMigrations())]);

const Counted = event('shop.Counted.v1', Type.Object({ n: Type.Integer() }));

test('a batch asks once where the read model stands, as it begins, and writes with its commit', {
  skip,
}, async (t) => {
  const trips = new TripCount();
  const db = (await useDatabase(t)).another({ roundTrips: trips });
  const model = new MessageProjection({
    ...{ name: 'counted', version: 1, tables: 'create table counted (n int not null)', db },
    restatement: { portion: async () => undefined },
  });
  await model.prepare();
  const { prefetch, subscriptions } = model.consumer([
    on(Counted, ({ data }) => model.write({ sql: 'insert into counted values ($1)', values: [data.n] })),
  ]);
  const messages = [1, 2, 3].map((n) => aMessage(`k${n}`, 1, { contract: Counted, data: { n } }).message);
  const batch = () =>
    db.transaction(async () => {
      await prefetch!([], messages);
      for (const message of messages) await subscriptions[0]!.handle(message);
    });
  deepStrictEqual(await trips.of(batch), 2);
  const [row] = await db.query('select (select count(*) from counted) as rows, position from projections');
  deepStrictEqual(row, { rows: 3, position: 3 });
});
