import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@ashlar/domain';
import type { News } from '@ashlar/gateway';
import { createTelemetry } from '@ashlar/telemetry';
import { Redis } from 'ioredis';
import { aRedis, connected, eventually, kept, skip, type Two, telemetry, twoGateways } from './gateways.fixtures.ts';
import { redisCluster } from './redis-cluster.ts';

async function statuses({ ask }: Two, path: string, count: number): Promise<number[]> {
  const all: number[] = [];
  for (let at = 0; at < count; at++) {
    all.push((await ask(at % 2, path)).status ?? 0);
  }
  return all;
}

const allowed = (all: readonly number[]): number => all.filter((status) => status === 200).length;

test('two gateways count one limit together, by bucket and by window', { skip }, async (t) => {
  const redis = await aRedis(t);
  const two = await twoGateways(t, redis.url, {});
  await connected(two);
  strictEqual(allowed(await statuses(two, '/limited', 16)), 10);
  strictEqual(allowed(await statuses(two, '/strict', 8)), 4);
  const refused = await two.ask(0, '/strict');
  deepStrictEqual([refused.status, refused.headers['ratelimit-policy']], [429, '"strict";q=4;w=600']);
  ok(Number(refused.headers['retry-after']) > 500);
});

test('while Redis is away or frozen each gateway counts for itself, and no request waits', { skip }, async (t) => {
  const redis = await aRedis(t);
  const two = await twoGateways(t, redis.url, {});
  await connected(two);
  await redis.kill();
  strictEqual(allowed(await statuses(two, '/limited', 30)), 20);
  await redis.start();
  await connected(two);
  strictEqual(allowed(await statuses(two, '/strict', 8)), 4);
});

test('a Redis that does not answer is waited for once, not by every request', { skip }, async (t) => {
  const redis = await aRedis(t);
  const own = telemetry();
  const cluster = redisCluster({ url: redis.url, namespace: 'test', clock: systemClock, log: own.log, timeoutMs: 100 });
  t.after(() => cluster.close());
  const limit = { name: 'all', shape: 'bucket', quota: 10, windowMs: 1_000 } as const;
  await eventually(async () => (await cluster.take(limit, 'a')) !== undefined);
  redis.signal('SIGSTOP');
  t.after(() => redis.signal('SIGCONT'));
  strictEqual(await cluster.take(limit, 'a'), undefined);
  const startedAt = performance.now();
  for (let count = 0; count < 100; count++) strictEqual(await cluster.take(limit, 'a'), undefined);
  ok(performance.now() - startedAt < 2_000);
});

test('each outage of Redis is a warning, once, and its end is told', { skip }, async (t) => {
  const redis = await aRedis(t);
  const lines: { readonly level: number; readonly msg: string }[] = [];
  const logTo = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const { log } = createTelemetry({ service: 'gateway', logLevel: 'debug', logTo });
  const cluster = redisCluster({ url: redis.url, namespace: 'test', clock: systemClock, log });
  t.after(() => cluster.close());
  cluster.listen(() => {});
  const limit = { name: 'all', shape: 'bucket', quota: 10, windowMs: 1_000 } as const;
  const told = (at: number) => lines.filter(({ level }) => level === at).map(({ msg }) => msg);
  const counts = async () => (await cluster.take(limit, 'a')) !== undefined;
  await eventually(counts);
  for (const outages of [1, 2]) {
    const failures = lines.length;
    await redis.kill();
    await eventually(() => lines.length >= failures + 3);
    deepStrictEqual(told(40), Array(outages).fill('Redis is away: this gateway counts and remembers by itself.'));
    await redis.start();
    await eventually(async () => (await counts()) && told(30).length === outages);
    match(told(30).at(-1)!, /^Redis is back/);
  }
});

const CHANGES: Readonly<Record<string, (two: Two) => unknown>> = {
  purged: ({ gateways }) => gateways[0]!.purge('goods'),
  'seen changed': ({ ask }) => ask(0, '/goods', { method: 'PUT' }),
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`what one gateway has ${what}, the other forgets`, { skip }, async (t) => {
    const redis = await aRedis(t);
    const two = await twoGateways(t, redis.url, {});
    await connected(two);
    const stored = await kept(two);
    await change(two);
    await eventually(async () => (await two.told(1, '/goods')) !== stored);
  });
}

test('after Redis was away nothing that was stored before is believed', { skip }, async (t) => {
  const redis = await aRedis(t);
  const two = await twoGateways(t, redis.url, {});
  await connected(two);
  const stored = await kept(two);
  await redis.kill();
  two.gateways[0]!.purge('goods');
  strictEqual(await two.told(1, '/goods'), stored);
  await redis.start();
  await eventually(async () => (await two.told(1, '/goods')) !== stored);
});

test('a session that ends at one gateway has ended at the other, also at one that comes later', { skip }, async (t) => {
  const redis = await aRedis(t);
  const two = await twoGateways(t, redis.url, {});
  await connected(two);
  const headers = { authorization: 'Bearer alice' };
  const status = async (all: Two, which: number) => (await all.ask(which, '/mine', { headers })).status;
  deepStrictEqual([await status(two, 0), await status(two, 1)], [200, 200]);
  await two.ask(0, '/mine', { method: 'DELETE', headers });
  await eventually(async () => (await status(two, 1)) === 401);
  const later = await twoGateways(t, redis.url, {});
  await eventually(async () => (await status(later, 0)) === 401);
});

test('a gateway whose first look at what has ended fails looks again, on the same connections', { skip }, async (t) => {
  const redis = await aRedis(t);
  const aCluster = () => {
    const cluster = redisCluster({ url: redis.url, namespace: 'test', clock: systemClock, log: telemetry().log });
    t.after(() => cluster.close());
    return cluster;
  };
  const one = aCluster();
  await eventually(
    async () => (await one.take({ name: 'all', shape: 'bucket', quota: 9, windowMs: 1_000 }, 'a')) !== undefined,
  );
  const client = new Redis(redis.url);
  t.after(() => client.disconnect());
  const ending = { kind: 'session-ended', sessionId: 'of ann', atMs: systemClock.now().getTime() } as const;
  one.tell(ending);
  await eventually(async () => (await client.zcard('test:endings')) === 1);
  await client.call('CLIENT', 'PAUSE', '600', 'WRITE');
  const news: News[] = [];
  aCluster().listen((one) => news.push(one));
  await eventually(() => news.some(({ kind }) => kind === 'lost'));
  await eventually(() => news.some(({ kind }) => kind === 'session-ended'));
});

test('what Redis has no room for is told again', { skip }, async (t) => {
  const redis = await aRedis(t);
  const cluster = redisCluster({ url: redis.url, namespace: 'test', clock: systemClock, log: telemetry().log });
  t.after(() => cluster.close());
  const limit = { name: 'all', shape: 'bucket', quota: 9, windowMs: 1_000 } as const;
  await eventually(async () => (await cluster.take(limit, 'a')) !== undefined);
  const client = new Redis(redis.url);
  t.after(() => client.disconnect());
  await client.config('SET', 'maxmemory', '1');
  cluster.tell({ kind: 'session-ended', sessionId: 'of ann' });
  await client.ping();
  strictEqual(await client.zcard('test:endings'), 0);
  await client.config('SET', 'maxmemory', '0');
  await eventually(async () => (await client.zcard('test:endings')) === 1);
});

test('a role that has changed is told to a gateway that comes later, too', { skip }, async (t) => {
  const redis = await aRedis(t);
  const aCluster = () => {
    const cluster = redisCluster({ url: redis.url, namespace: 'test', clock: systemClock, log: telemetry().log });
    t.after(() => cluster.close());
    return cluster;
  };
  const one = aCluster();
  const counts = async () =>
    (await one.take({ name: 'all', shape: 'bucket', quota: 9, windowMs: 1_000 }, 'a')) !== undefined;
  await eventually(counts);
  const change = { kind: 'role-changed', userId: 'ann', role: 'customer', atMs: systemClock.now().getTime() } as const;
  one.tell(change);
  await eventually(counts);
  const heard: News[] = [];
  aCluster().listen((news) => void heard.push(news));
  await eventually(() => heard.some(({ kind }) => kind === 'role-changed'));
  deepStrictEqual(heard.at(-1), change);
});
