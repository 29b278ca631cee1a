import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { usePostgresRepositories } from '@ashlar/messaging/contract-suites';
import { personalDataMigrations } from '@ashlar/personal-data';
import { type Database, onPrimary, readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { projectionMigrations, type WholeRow } from '@ashlar/projection';
import { redisProjectionMigrations } from '@ashlar/projection-redis';
import { redisMissing } from '@ashlar/projection-redis/test-redis';
import { sagaMigrations } from '@ashlar/saga';
import { onMemory } from '@ashlar/simulation';
import { orderViewsContract } from '../application/ports/order-views.contract.ts';
import { productCatalogContract } from '../application/ports/product-catalog.contract.ts';
import { Order, type OrderState } from '../domain/entities/order.entity.ts';
import { orderRepositoryContract } from '../domain/repositories/order.repository.contract.ts';
import { ORDER_VIEWS, PostgresOrderViews, storedOrders } from '../infrastructure/read-models/order-views.impl.ts';
import { CATALOGUE, PostgresProductCatalog } from '../infrastructure/read-models/product-catalog.impl.ts';
import { StoredOrderViews } from '../infrastructure/read-models/stored-order-views.impl.ts';
import { PostgresOrderRepository } from '../infrastructure/repositories/order.repository.impl.ts';
import { aRedisStage } from './redis-stage.fixtures.ts';
import { MemoryOrderRepository, MemoryOrderViews, MemoryProductCatalog } from './simulation.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const onPostgres = usePostgresRepositories(async () => [
  ...(await projectionMigrations()),
  ...(await redisProjectionMigrations()),
  ...(await sagaMigrations()),
  ...(await personalDataMigrations()),
  ...(await readMigrations('order', migrations)),
  { name: 'test/catalogue', sql: CATALOGUE.tables },
  { name: 'test/order-views', sql: ORDER_VIEWS.tables },
]);

orderRepositoryContract('orders on PostgreSQL', {
  makeStage: onPostgres((db, outbox) => new PostgresOrderRepository(db, outbox, () => {})),
  skip,
});
orderRepositoryContract('orders on memory', {
  makeStage: onMemory((platform) => new MemoryOrderRepository(platform, platform.outbox)),
});

productCatalogContract('the catalogue on PostgreSQL', {
  makeStage: onPostgres((db) => new PostgresProductCatalog(db, db)),
  skip,
});
productCatalogContract('the catalogue on memory', {
  makeStage: onMemory((platform) => new MemoryProductCatalog(platform)),
});

const rowByRow = (db: Pick<Database, 'write'>) => ({
  put: (sql: string, row: WholeRow) => db.write({ sql, values: [JSON.stringify([row])] }),
});
orderViewsContract('views of orders on PostgreSQL', {
  makeStage: onPostgres((db) => new PostgresOrderViews(db, rowByRow(db))),
  skip,
});
orderViewsContract('views of orders on memory', {
  makeStage: onMemory((platform) => new MemoryOrderViews(platform)),
});
orderViewsContract('views of orders in Redis', {
  makeStage: (t) => onPostgres((db) => db)(t).then((stage) => aRedisStage(t, stage)),
  skip: skip || redisMissing,
});

test('what was there before the views is read into them as its events would have told it', { skip }, async (t) => {
  const { db, orders } = (
    await onPostgres((database, outbox) => ({
      db: database,
      orders: new PostgresOrderRepository(database, outbox, () => {}),
    }))(t)
  ).repository;
  const address = { of: 'ada', as: 'shippingAddress', sealed: 'x' };
  const items = [{ productId: 'cup', name: 'Cup', quantity: 2, unitPrice: { amount: 500, currency: 'USD' } }];
  for (const id of ['a', 'b', 'c']) {
    const draft = {
      id,
      userId: 'ada',
      currency: 'USD',
      items,
      shippingAddress: address,
      saga: 'orchestration',
    } as const;
    await orders.save(Order.place(draft, new Date('2026-01-01T12:00:00Z')));
  }
  const changed = (await orders.find('b'))!;
  changed.reject('out_of_stock', new Date('2026-01-01T12:00:01Z'));
  await orders.save(changed);
  const views = new PostgresOrderViews(db, rowByRow(db));
  await views.put({ version: 9, order: { ...viewOf(changed.state), id: 'c' } });
  const write: Database['execute'] = (sql, values) => db.execute(sql, values);
  for (let after = await storedOrders.portion(undefined, write); after; )
    after = await storedOrders.portion(after, write);
  for (const id of ['a', 'b']) {
    const { state } = (await orders.find(id))!;
    deepStrictEqual(await views.find(id), { version: state.version, order: viewOf(state) });
    deepStrictEqual(await new StoredOrderViews(onPrimary(db)).find(id, 'newest'), await views.find(id));
  }
  deepStrictEqual((await views.find('c'))?.version, 9);
});

const viewOf = ({ version: _, currency: __, saga: ___, ...view }: OrderState) => view;
