import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTestDatabase, databaseMissing, eventually, PostgresDatabase, withTestDatabase } from '@ashlar/postgres';
import { projectionMigrations } from '@ashlar/projection';
import { redisProjectionMigrations } from './migrations.ts';
import { RedisLink } from './redis-link.ts';
import { RedisReadModel, type Versioned } from './redis-read-model.ts';
import { redisMissing, TestRedis } from './test-redis.ts';

const options = { skip: databaseMissing || redisMissing };
const NAME = 'shop.prices';
const TIMEOUT_MS = 200;
/** Long enough for a breaker alone to let several through. */
const STRUCK_MS = 2_000;

interface Reader {
  readonly model: RedisReadModel<number>;
  find(id: string): Promise<Versioned<number> | undefined>;
  /** The event of the price as it is now. */
  hear(id: string): Promise<void>;
}

/** Prices in a table, and those who read them through Redis. */
class Shop {
  /** Who has answered, in the order of the reads. */
  readonly answered: string[] = [];
  readonly #url: string;

  private constructor(
    private readonly t: TestContext,
    readonly redis: TestRedis,
    readonly db: PostgresDatabase,
    url: string,
  ) {
    this.#url = url;
  }

  static async open(t: TestContext): Promise<Shop> {
    const database = await createTestDatabase([
      ...(await projectionMigrations()),
      ...(await redisProjectionMigrations()),
      {
        name: 'test/prices',
        sql: 'create table prices (id text primary key, version int not null, price int not null)',
      },
    ]);
    const db = new PostgresDatabase({ url: database.url });
    t.after(async () => {
      await db.close();
      await database.drop();
    });
    return new Shop(t, await TestRedis.start(t), db, database.url);
  }

  async price(id: string): Promise<{ version: number; value: number } | undefined> {
    const sql = 'select version, price as value from prices where id = $1';
    return (await this.db.query<{ version: number; value: number }>(sql, [id]))[0];
  }

  /** A process that reads, and takes events in. `before` is waited for before the source answers. */
  async reader(before: () => Promise<unknown> = async () => {}): Promise<Reader> {
    const redis = new RedisLink({ url: this.redis.url, timeoutMs: TIMEOUT_MS });
    const db = new PostgresDatabase({ url: this.#url });
    const model = new RedisReadModel<number>({
      name: NAME,
      namespace: 'test',
      db,
      redis,
      source: async (id) => {
        const price = await this.price(id);
        await before();
        return price;
      },
      onRead: (from) => this.answered.push(from),
    });
    this.t.after(async () => {
      await model.close();
      redis.close();
      await db.close();
    });
    await model.prepare();
    await eventually('Redis is proven', async () => (await model.status()).state === 'live');
    const hear = async (id: string) => {
      const price = await this.price(id);
      await db.transaction(async () => model.put(id, price!));
    };
    return { model, hear, find: (id) => model.find(id) };
  }

  /** The price changes; its event has not been heard yet. */
  async change(id: string, version: number, price: number): Promise<void> {
    await this.db.execute(
      `insert into prices values ($1, $2, $3) on conflict (id) do update set version = $2, price = $3`,
      [id, version, price],
    );
  }

  /** Whether the last read was answered by Redis. */
  get isFromRedis(): boolean {
    return this.answered.at(-1) === 'redis';
  }

  async epoch(): Promise<number> {
    const [row] = await this.db.query<{ epoch: number }>('select epoch from redis_read_models where name = $1', [NAME]);
    return row!.epoch;
  }
}

test('what an event puts is read from Redis, by every process', options, async (t) => {
  const shop = await Shop.open(t);
  const [one, other] = [await shop.reader(), await shop.reader()];
  await shop.change('cup', 2, 5);
  await one.hear('cup');
  await shop.change('cup', 1, 4);
  await one.hear('cup');
  await shop.db.execute('delete from prices');
  await eventually('the other has come to the epoch', async () => (await other.find('cup'))?.value === 5);
  deepStrictEqual(await one.find('cup'), { version: 2, value: 5 });
  deepStrictEqual(shop.answered.slice(-2), ['redis', 'redis']);
});

test('what is missing is answered by the source, and filled', options, async (t) => {
  const shop = await Shop.open(t);
  const reader = await shop.reader();
  await shop.change('cup', 3, 7);
  deepStrictEqual(await reader.find('cup'), { version: 3, value: 7 });
  strictEqual(shop.answered.at(-1), 'source');
  await eventually('it is filled', async () => (await reader.find('cup')) !== undefined && shop.isFromRedis);
  strictEqual(await reader.find('nothing'), undefined);
});

test('schedule 6.3: a slow reader never puts back an old value, not even after a flush', options, async (t) => {
  const shop = await Shop.open(t);
  const [read, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const quick = await shop.reader();
  const slow = await shop.reader(() => {
    read.resolve();
    return goOn.promise;
  });
  await shop.change('cup', 5, 50);
  const old = slow.find('cup');
  await read.promise;
  await shop.change('cup', 6, 60);
  await quick.hear('cup');
  await shop.redis.ask((client) => client.flushall());
  goOn.resolve();
  strictEqual((await old)?.value, 50);
  await slow.model.close();
  const kept = await shop.redis.ask(async (client) =>
    Promise.all((await client.keys('*:cup')).map((key) => client.hget(key, 'value'))),
  );
  ok(!kept.includes('50'), 'the old value is in Redis');
  for (let n = 0; n < 20; n++) strictEqual((await quick.find('cup'))?.value, 60);
});

test('a flush is noticed, and everything comes back by itself', options, async (t) => {
  const shop = await Shop.open(t);
  const reader = await shop.reader();
  await shop.change('cup', 1, 5);
  await reader.hear('cup');
  const before = await shop.epoch();
  await shop.redis.ask((client) => client.flushall());
  strictEqual((await reader.find('cup'))?.value, 5);
  await eventually('a new epoch has begun', async () => (await shop.epoch()) > before);
  await eventually(
    'it is read from Redis again',
    async () => (await reader.find('cup')) !== undefined && shop.isFromRedis,
  );
});

test('a server that comes back with what it had saved is not believed', options, async (t) => {
  const shop = await Shop.open(t);
  const reader = await shop.reader();
  await shop.change('cup', 1, 5);
  await reader.hear('cup');
  await shop.redis.ask((client) => client.save());
  await shop.change('cup', 2, 6);
  await reader.hear('cup');
  await shop.redis.kill();
  await shop.redis.start();
  ok((await shop.redis.ask((client) => client.keys('*cup'))).length > 0, 'it still has the old price');
  const proven = async () => {
    strictEqual((await reader.find('cup'))?.value, 6);
    return (await reader.model.status()).state === 'live' && shop.isFromRedis;
  };
  await eventually('it is used again, and never tells the old price', proven);
});

test('while Redis is dead or hangs, reads are answered by the source, and nobody waits', options, async (t) => {
  const shop = await Shop.open(t);
  const reader = await shop.reader();
  await shop.change('cup', 1, 5);
  await reader.hear('cup');
  for (const [strike, mend] of [
    [() => shop.redis.kill(), () => shop.redis.start()],
    [() => shop.redis.freeze(), () => shop.redis.thaw()],
  ] as const) {
    await strike();
    const times: number[] = [];
    for (const since = performance.now(); performance.now() - since < STRUCK_MS; ) {
      const asked = performance.now();
      strictEqual((await reader.find('cup'))?.value, 5);
      times.push(performance.now() - asked);
    }
    const waited = times.filter((ms) => ms > TIMEOUT_MS * 0.9);
    ok(waited.length <= 3, `of ${times.length} reads waited ${waited.length}`);
    await mend();
    await eventually('Redis answers again', async () => (await reader.find('cup')) !== undefined && shop.isFromRedis);
  }
});

test(
  'schedule 4.4: an event that Redis has not got ends the epoch: what was before it is not read again',
  options,
  async (t) => {
    const shop = await Shop.open(t);
    const [reader, other] = [await shop.reader(), await shop.reader()];
    await shop.change('cup', 1, 5);
    await reader.hear('cup');
    const before = await shop.epoch();
    shop.redis.freeze();
    await shop.change('cup', 2, 6);
    await reader.hear('cup');
    shop.redis.thaw();
    ok((await shop.epoch()) > before);
    const isTold = async () => (await other.find('cup'))?.value === 6 && shop.isFromRedis;
    await eventually('the others have learnt of it', isTold);
    for (const one of [reader, other]) strictEqual((await one.find('cup'))?.value, 6);
  },
);

test('a rebuild forgets everything', options, async (t) => {
  const shop = await Shop.open(t);
  const reader = await shop.reader();
  await shop.change('cup', 1, 5);
  await reader.hear('cup');
  await shop.change('cup', 1, 99);
  await reader.model.beginRebuild();
  await eventually('it is read anew', async () => (await reader.find('cup'))?.value === 99);
});

test('where a table has kept it meanwhile, nothing of before is read, and the table goes', options, async (t) => {
  const shop = await Shop.open(t);
  const first = await shop.reader();
  await shop.change('cup', 1, 5);
  await first.hear('cup');
  await first.model.close();
  await shop.db.execute('create table of_prices (id int)');
  await shop.db.execute(`insert into projections (name, position, tables) values ($1, 0, '{of_prices}')`, [NAME]);
  await shop.change('cup', 2, 6);
  const next = await shop.reader();
  strictEqual((await next.find('cup'))?.value, 6);
  deepStrictEqual(await shop.db.query(`select to_regclass('of_prices')::text as is`), [{ is: null }]);
});

test('the example runs and shows what it says', options, async (t) => {
  const redis = await TestRedis.start(t);
  await withTestDatabase([], async ({ url }) => {
    const example = fileURLToPath(new URL('../example/prices.ts', import.meta.url));
    const env = { ...process.env, DATABASE_URL: url, REDIS_URL: redis.url };
    const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
    deepStrictEqual(stdout.trim().split('\n'), ['answered by source', '1299', 'answered by redis', '999']);
  });
});
