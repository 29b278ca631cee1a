import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { UuidV7Ids } from '@ashlar/domain';
import { hostService } from '@ashlar/host';
import { LocalBus } from '@ashlar/messaging';
import { createTestDatabase, databaseMissing, eventually, PostgresDatabase } from '@ashlar/postgres';
import { redisMissing, TestRedis } from '@ashlar/projection-redis/test-redis';
import { createTelemetry } from '@ashlar/telemetry';
import { productService } from './composition-root.ts';
import { MUG } from './product-service.fixtures.ts';

const options = { skip: databaseMissing || redisMissing };
const verifier = { verify: async () => ({ id: 'ann', role: 'admin', sessionId: 's1' }) as const };

/** Two replicas of the service, before one database and one Redis. The second may be hard of hearing. */
async function aPair(t: TestContext, { isHeard = true } = {}) {
  const redis = await TestRedis.start(t);
  const database = await createTestDatabase();
  const bus = new LocalBus();
  const deaf = new LocalBus();
  const nextIds: string[] = [];
  const ids = { next: () => nextIds.shift() ?? new UuidV7Ids().next() };
  const ends: (() => Promise<unknown>)[] = [];
  const start = async (replica: string, heard: LocalBus) => {
    const copies = { redisUrl: redis.url, namespace: 'test' };
    const telemetry = createTelemetry({ service: 'product', logLevel: 'silent' });
    const definition = productService({ seed: 'none', copies });
    const running = await hostService({
      ...{ definition, version: '1', replica, databaseUrl: database.url, bus: heard, telemetry, verifier, ids },
    });
    await running.begin();
    ends.unshift(() => running.stop());
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${running.url}/v1/products${path}`, {
        ...init,
        headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      });
    const answered = async (layer: string) => {
      const text = await telemetry.metrics.metrics();
      return Number(new RegExp(`^product_reads_total{layer="${layer}"} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    };
    const read = async (id: string) => ((await (await ask(`/${id}`)).json()) as { name?: string }).name;
    /** Until Redis has proven to be there, and has the product. */
    const readFromRedis = (id: string) =>
      eventually('it comes from Redis', async () => {
        const before = await answered('redis');
        await read(id);
        return (await answered('redis')) > before;
      });
    return { ask, read, answered, readFromRedis };
  };
  const [one, other] = [await start('product-1', bus), await start('product-2', isHeard ? bus : deaf)];
  t.after(async () => {
    for (const end of ends) await end();
    await database.drop();
  });
  const create = async () =>
    (await one.ask('', { method: 'POST', body: JSON.stringify(MUG) })).json() as Promise<{ id: string }>;
  const rename = (id: string, name: string) => one.ask(`/${id}`, { method: 'PATCH', body: JSON.stringify({ name }) });
  return { redis, url: database.url, one, other, create, rename, nextIds };
}

test(
  'what one replica has read the other finds in Redis, and after a change neither tells the old',
  options,
  async (t) => {
    const { one, other, create, rename } = await aPair(t);
    const { id } = await create();
    await one.readFromRedis(id);
    await other.readFromRedis(id);
    for (const name of ['Second', 'Third', 'Fourth']) {
      await rename(id, name);
      deepStrictEqual([await one.read(id), await other.read(id)], [name, name]);
    }
  },
);

test('a replica that hears of no change tells the old for less than a second, whatever Redis has heard', {
  ...options,
}, async (t) => {
  const { redis, one, other, create, rename } = await aPair(t, { isHeard: false });
  const { id } = await create();
  const mayForget = (rule: '+zrem' | '-zrem') => redis.ask((client) => client.call('ACL', 'SETUSER', 'default', rule));
  for (const [name, isTold] of [
    ['Second', true],
    ['Third', false],
  ] as const) {
    await one.readFromRedis(id);
    await other.readFromRedis(id);
    if (!isTold) await mayForget('-zrem');
    await rename(id, name);
    const since = performance.now();
    await mayForget('+zrem');
    await eventually('the other tells it', async () => (await other.read(id)) === name);
    const tookMs = performance.now() - since;
    ok(tookMs < 1_000, `it took ${tookMs} ms`);
    strictEqual(await one.read(id), name);
  }
});

test('a product is there as soon as it is created, although somebody had asked for it', options, async (t) => {
  const { one, other, create, nextIds } = await aPair(t, { isHeard: false });
  await one.readFromRedis((await create()).id);
  const id = new UuidV7Ids().next();
  await eventually('Redis tells that there is none', async () => {
    const before = await other.answered('redis');
    strictEqual((await other.ask(`/${id}`)).status, 404);
    return (await other.answered('redis')) > before;
  });
  nextIds.push(id);
  const made = await one.ask('', { method: 'POST', body: JSON.stringify({ ...MUG, sku: 'ASKED-1' }) });
  strictEqual(made.headers.get('location'), `/v1/products/${id}`);
  deepStrictEqual([(await one.ask(`/${id}`)).status, (await other.ask(`/${id}`)).status], [200, 200]);
});

test('without Redis products are read and changed as ever, and a flush of it changes nothing', options, async (t) => {
  const { redis, one, other, create, rename, url } = await aPair(t);
  const { id } = await create();
  await one.readFromRedis(id);
  await redis.ask((client) => client.flushall());
  strictEqual(await other.read(id), MUG.name);
  const outages = [
    { strike: () => redis.freeze(), mend: () => redis.thaw() },
    { strike: () => redis.kill(), mend: () => redis.start() },
  ];
  for (const [n, { strike, mend }] of outages.entries()) {
    await strike();
    await rename(id, `Name ${n}`);
    deepStrictEqual([await one.read(id), await other.read(id)], [`Name ${n}`, `Name ${n}`]);
    await mend();
    for (const replica of [one, other]) {
      await replica.readFromRedis(id);
      strictEqual(await replica.read(id), `Name ${n}`);
    }
  }
  // What Redis tells is a copy: the table is not asked.
  const db = new PostgresDatabase({ url });
  await db.execute(`update products set name = 'Unseen'`);
  await db.close();
  strictEqual(await one.read(id), 'Name 1');
});
