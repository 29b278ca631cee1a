import type { TestContext } from 'node:test';
import { type Database, eventually, onPrimary } from '@ashlar/postgres';
import type { RepositoryStage } from '@ashlar/postgres/contract-suites';
import { RedisLink, RedisReadModel } from '@ashlar/projection-redis';
import { TestRedis } from '@ashlar/projection-redis/test-redis';
import type { OrderViews, ViewedOrder } from '../application/ports/order-views.interface.ts';
import { ORDER_VIEWS } from '../infrastructure/read-models/order-views.impl.ts';
import { RedisOrderViews } from '../infrastructure/read-models/redis-order-views.impl.ts';
import { StoredOrderViews } from '../infrastructure/read-models/stored-order-views.impl.ts';

/** On a busy machine a short wait for Redis would be a loss of what was written. */
const PATIENT_MS = 5_000;

/** Views in Redis, which alone has the orders one by one; their lists are made of the orders. */
export async function aRedisStage(
  t: TestContext,
  stage: RepositoryStage<Database>,
): Promise<RepositoryStage<OrderViews>> {
  const server = await TestRedis.start(t);
  const viewsOn = async (db: Database): Promise<OrderViews> => {
    const redis = new RedisLink({ url: server.url, timeoutMs: PATIENT_MS });
    const model = new RedisReadModel<ViewedOrder>({
      name: ORDER_VIEWS.name,
      namespace: 'test',
      db,
      redis,
      source: async () => undefined,
    });
    t.after(async () => {
      await model.close();
      redis.close();
    });
    await model.prepare();
    const views = new RedisOrderViews(model, new StoredOrderViews(onPrimary(db)));
    const isTrusted = async () => (await model.status()).state === 'live';
    await eventually('Redis can be relied upon', isTrusted);
    return {
      list: (filter) => views.list(filter),
      put: (view) => views.put(view),
      // While Redis is not relied upon the source answers, which here knows nothing.
      find: async (id) => {
        for (;;) {
          const found = await views.find(id);
          if (found || (await isTrusted())) return found;
          await eventually('Redis can be relied upon again', isTrusted);
        }
      },
    };
  };
  const views = await viewsOn(stage.repository);
  const repository: OrderViews = {
    find: (id) => views.find(id),
    list: (filter) => views.list(filter),
    put: async (view) => {
      await storeOrder(stage.repository, view);
      await views.put(view);
    },
  };
  return { ...stage, repository, elsewhere: await viewsOn(stage.elsewhere) };
}

const storeOrder = (db: Database, { version, order }: Parameters<OrderViews['put']>[0]): Promise<void> =>
  db.write({
    sql: `insert into orders (id, version, user_id, status, state) values ($1, $2, $3, $4, $5)
          on conflict (id) do update set version = $2, status = $4, state = $5`,
    values: [order.id, version, order.userId, order.status, JSON.stringify(order)],
  });
