// Runs after a build, against an empty database and a Redis server:

import { migrate, PostgresDatabase } from '@ashlar/postgres';
import { projectionMigrations } from '@ashlar/projection';
import { RedisLink, RedisReadModel, redisProjectionMigrations, type Versioned } from '@ashlar/projection-redis';

const url = process.env['DATABASE_URL']!;
const table = 'create table prices (id text primary key, version int not null, price int not null)';
await migrate(url, [
  ...(await projectionMigrations()),
  ...(await redisProjectionMigrations()),
  { name: 'example/001', sql: table },
]);
const db = new PostgresDatabase({ url });
const redis = new RedisLink({ url: process.env['REDIS_URL']! });
while (!(await redis.call((client) => client.ping()).catch(() => false))) await new Promise(setImmediate);

const prices = new RedisReadModel<number>({
  name: 'shop.prices',
  namespace: 'example',
  db,
  redis,
  source: async (id) => {
    const sql = 'select version, price as value from prices where id = $1';
    return (await db.query<Versioned<number>>(sql, [id]))[0];
  },
  onRead: (from) => console.log(`answered by ${from}`),
});
await prices.prepare();

await db.execute(`insert into prices values ('tea', 1, 1299)`);
console.log((await prices.find('tea'))?.value);

// An event says that the price has changed; its consumer puts it, in the transaction of its inbox.
await db.execute(`update prices set version = 2, price = 999 where id = 'tea'`);
await db.transaction(async () => prices.put('tea', { version: 2, value: 999 }));
await db.transaction(async () => prices.put('tea', { version: 1, value: 1299 }));
console.log((await prices.find('tea'))?.value);

await prices.close();
redis.close();
await db.close();
