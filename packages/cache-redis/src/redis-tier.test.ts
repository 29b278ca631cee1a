import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { cacheTierContract, type TierContractOptions } from '@ashlar/cache/contract-suites';
import { createTestDatabase, databaseMissing, eventually, PostgresDatabase } from '@ashlar/postgres';
import { projectionMigrations } from '@ashlar/projection';
import { RedisLink, redisProjectionMigrations } from '@ashlar/projection-redis';
import { redisMissing, TestRedis } from '@ashlar/projection-redis/test-redis';
import { RedisTier } from './redis-tier.ts';

const options = { skip: databaseMissing || redisMissing };
const LONG_MS = 60_000;
const TIMEOUT_MS = 200;
/** Long enough for a breaker alone to let several through. */
const STRUCK_MS = 2_000;

/** A server of its own, and the processes of one service before it. */
class Stage {
  private constructor(
    private readonly t: Pick<TestContext, 'after'>,
    readonly redis: TestRedis,
    readonly db: PostgresDatabase,
    private readonly url: string,
  ) {}

  static async open(t: Stage['t']): Promise<Stage> {
    const database = await createTestDatabase([
      ...(await projectionMigrations()),
      ...(await redisProjectionMigrations()),
    ]);
    const db = new PostgresDatabase({ url: database.url });
    t.after(async () => {
      await db.close();
      await database.drop();
    });
    return new Stage(t, await TestRedis.start(t), db, database.url);
  }

  async process(looks: boolean[] = [], name = 'shop.things') {
    const redis = new RedisLink({ url: this.redis.url, timeoutMs: TIMEOUT_MS });
    const db = new PostgresDatabase({ url: this.url });
    const onLook = (isTrusted: boolean) => looks.push(isTrusted);
    const tier = new RedisTier<string>({ name, namespace: 'test', db, redis, maxAbsent: 10, onLook });
    this.t.after(async () => {
      await tier.close();
      redis.close();
      await db.close();
    });
    await tier.prepare();
    const find = async (key = 'k') => (await tier.find(key)).copy?.value;
    const keep = async (version: number) => {
      const { since } = await tier.find('k');
      await tier.keep('k', { version, value: `v${version}` }, { since, ttlMs: LONG_MS });
    };
    const keeps = () =>
      eventually('it is kept', async () => {
        await keep(1).catch(() => {});
        return (await find().catch(() => undefined)) === 'v1';
      });
    const commit = (version: number) => db.transaction(async () => tier.comes('k', version));
    return { tier, db, find, keep, keeps, commit };
  }

  async epoch(): Promise<number> {
    return (await this.db.query<{ epoch: number }>('select epoch from redis_read_models'))[0]!.epoch;
  }
}

/** The tiers of the contract share a server and a database; each has a name of its own. */
const ends: (() => unknown)[] = [];
let stage: Stage | undefined;
let made = 0;
before(async () => {
  if (!options.skip) stage = await Stage.open({ after: (end) => void ends.push(end as () => unknown) });
});
after(async () => {
  for (const end of ends.reverse()) await end();
});

cacheTierContract('Redis', {
  ...options,
  makeTier: async () => {
    const { tier } = await stage!.process([], `shop.things-${++made}`);
    await eventually('Redis is proven', async () => (await tier.find('k')).since.epoch > 0);
    return tier as Awaited<ReturnType<TierContractOptions['makeTier']>>;
  },
});

test('what is committed is forgotten before, for every process, and a slow reader brings nothing back', {
  ...options,
}, async (t) => {
  const stage = await Stage.open(t);
  const [one, other] = [await stage.process(), await stage.process()];
  await one.keeps();
  const { since } = await other.tier.find('k');
  await one.db.transaction(async () => {
    one.tier.comes('k', 2);
    strictEqual(await other.find(), 'v1');
  });
  strictEqual(await other.find(), undefined);
  strictEqual(await other.tier.keep('k', { version: 1, value: 'v1' }, { since, ttlMs: LONG_MS }), false);
  await other.keep(2);
  strictEqual(await one.find(), 'v2');
});

test('a transaction that fails has forgotten in vain, and one that tells nothing asks nobody', options, async (t) => {
  const stage = await Stage.open(t);
  const { db, tier, keeps, find, keep } = await stage.process();
  await keeps();
  const before = await stage.epoch();
  await rejects(db.transaction(() => Promise.reject(new Error('no'))));
  strictEqual(await find(), 'v1');
  await rejects(
    db.transaction(async () => {
      tier.comes('k', 2);
      await db.write({ sql: 'select 1 / 0' });
    }),
  );
  strictEqual(await find(), undefined);
  await keep(2);
  deepStrictEqual([await find(), await stage.epoch()], ['v2', before]);
});

test('a change that Redis has not heard ends the epoch: what was kept before it is not read again', {
  ...options,
}, async (t) => {
  const stage = await Stage.open(t);
  const [one, other] = [await stage.process(), await stage.process()];
  await one.keeps();
  const before = await stage.epoch();
  stage.redis.freeze();
  await one.commit(2);
  stage.redis.thaw();
  ok((await stage.epoch()) > before);
  for (const { tier } of [one, other]) {
    const learnt = () =>
      tier.find('k').then(
        ({ since }) => since.epoch > before,
        () => false,
      );
    await eventually('each has learnt of it', learnt);
  }
  // What it has read before that, it keeps where nobody looks.
  const late = { since: { epoch: before, ms: Date.now() }, ttlMs: LONG_MS };
  await other.tier.keep('k', { version: 1, value: 'v1' }, late);
  for (const process of [one, other]) strictEqual(await process.find().catch(() => undefined), undefined);
});

test('a flush, and a server that comes back with what it had saved, tell nothing old', options, async (t) => {
  const stage = await Stage.open(t);
  const { keeps, find, commit } = await stage.process();
  await keeps();
  await stage.redis.ask((client) => client.save());
  await stage.redis.ask((client) => client.flushall());
  strictEqual(await find(), undefined);
  await commit(2);
  await stage.redis.kill();
  await stage.redis.start();
  ok((await stage.redis.ask((client) => client.keys('*of:k'))).length > 0, 'it still has the old value');
  const { tier } = await stage.process();
  await eventually('it is used again', async () => {
    const { copy, since } = await tier.find('k').catch(() => ({ copy: undefined, since: { epoch: 0 } }));
    strictEqual(copy, undefined);
    return since.epoch > 0;
  });
});

test('while Redis is dead or hangs nobody waits, and it is used again when it is back', options, async (t) => {
  const stage = await Stage.open(t);
  const looks: boolean[] = [];
  const { keeps, find, commit } = await stage.process(looks);
  for (const [strike, mend] of [
    [() => stage.redis.kill(), () => stage.redis.start()],
    [() => stage.redis.freeze(), () => stage.redis.thaw()],
  ] as const) {
    await keeps();
    await strike();
    const times: number[] = [];
    for (const since = performance.now(); performance.now() - since < STRUCK_MS; ) {
      const asked = performance.now();
      await find().catch(() => {});
      await commit(1);
      times.push(performance.now() - asked);
    }
    const waited = times.filter((ms) => ms > TIMEOUT_MS * 0.9);
    ok(waited.length <= 3, `of ${times.length} reads and writes waited ${waited.length}`);
    strictEqual(looks.at(-1), false);
    await mend();
  }
  await eventually('it is trusted again', () => looks.at(-1) === true);
});
