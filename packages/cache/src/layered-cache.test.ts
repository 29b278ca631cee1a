import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { CacheTier } from './cache-tier.ts';
import { type CacheLayer, type CacheOptions, LayeredCache } from './layered-cache.ts';
import { MemoryTier } from './memory-tier.ts';

interface Priced {
  readonly version: number;
}

type Settings = Partial<CacheOptions<Priced>> & {
  readonly shared?: CacheTier<Priced>;
  readonly negativeTtlMs?: number;
};

function setUp({ shared, negativeTtlMs, ...options }: Settings = {}) {
  const world = { nowMs: 1_000, value: { version: 1 } as Priced | undefined, luck: 0, answered: [] as string[] };
  const clock = { now: () => new Date(world.nowMs) };
  const lives = { ttlMs: 1_000, ...(negativeTtlMs !== undefined && { negativeTtlMs }) };
  const layers: CacheLayer<Priced>[] = [{ name: 'memory', tier: new MemoryTier({ clock }), ...lives }];
  if (shared) layers.push({ name: 'shared', tier: shared, ttlMs: 60_000 });
  const cache = new LayeredCache<Priced>({
    layers,
    versionOf: ({ version }) => version,
    chance: () => world.luck,
    onRead: (from) => world.answered.push(from),
    ...options,
  });
  const get = async (key = 'k') => (await cache.get(key, async () => world.value))?.version;
  /** The source has another version, and the cache is told. */
  const change = async (version: number) => {
    world.value = { version };
    await cache.invalidate('k', version);
  };
  return { world, cache, get, change, loads: () => world.answered.filter((from) => from === 'source').length };
}

const aTier = () => new MemoryTier<Priced>({ clock: { now: () => new Date(1_000) } });

/** Answers only when it is told to. */
function aSlowSource(version: number) {
  const [begun, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const source = async () => {
    begun.resolve();
    await may.promise;
    return { version };
  };
  return { source, begun: begun.promise, answer: may.resolve };
}

test('the source is asked once for as long as the value lives', async () => {
  const { world, get, loads } = setUp();
  deepStrictEqual([await get(), await get(), loads()], [1, 1, 1]);
  world.nowMs += 1_000;
  world.value = { version: 2 };
  deepStrictEqual([await get(), loads()], [2, 2]);
});

test('all who ask at the same time wait for one load', async () => {
  const { get, loads } = setUp();
  deepStrictEqual(await Promise.all([get(), get(), get()]), [1, 1, 1]);
  strictEqual(loads(), 1);
});

test('what was invalidated while it was loaded is kept nowhere, and told to nobody who asks later', async () => {
  const shared = aTier();
  const { cache, get, change } = setUp({ shared });
  const { source, begun, answer } = aSlowSource(1);
  const slow = cache.get('k', source);
  await begun;
  await change(2);
  strictEqual(await get(), 2);
  answer();
  strictEqual((await slow)?.version, 1);
  strictEqual(await get(), 2);
  strictEqual((await shared.find('k')).copy?.version, 2);
});

test('that there is nothing is remembered only where that is wanted, and for its own time', async () => {
  const forgetful = setUp();
  forgetful.world.value = undefined;
  deepStrictEqual([await forgetful.get(), await forgetful.get(), forgetful.loads()], [undefined, undefined, 2]);
  const { world, get, loads } = setUp({ negativeTtlMs: 100 });
  world.value = undefined;
  deepStrictEqual([await get(), await get(), loads()], [undefined, undefined, 1]);
  world.nowMs += 100;
  world.value = { version: 1 };
  strictEqual(await get(), 1);
});

test('what was asked for before it existed is there as soon as it does', async () => {
  const { world, get, change } = setUp({ negativeTtlMs: 10_000 });
  world.value = undefined;
  strictEqual(await get(), undefined);
  await change(1);
  strictEqual(await get(), 1);
});

test('lifetimes differ by chance, so that not everything expires at once', async () => {
  const { world, get, loads } = setUp({ jitter: 0.5 });
  world.luck = 0.99;
  await get('short');
  world.luck = 0;
  await get('long');
  world.nowMs += 600;
  await get('short');
  await get('long');
  strictEqual(loads(), 3);
});

test('another process finds in the shared tier what this one has loaded, until it is invalidated', async () => {
  const shared = aTier();
  const [one, other] = [setUp({ shared }), setUp({ shared })];
  deepStrictEqual([await one.get(), await other.get(), other.world.answered.join()], [1, 1, 'shared']);
  await one.change(2);
  const third = setUp({ shared });
  await third.get();
  deepStrictEqual(third.world.answered, ['source']);
});

test('what a process knows to be outdated it does not take from a tier that has not heard of it', async () => {
  const shared = aTier();
  const deaf: CacheTier<Priced> = {
    find: (key) => shared.find(key),
    keep: (...copy) => shared.keep(...copy),
    forget: () => Promise.reject(new Error('away')),
  };
  const { world, get, change } = setUp({ shared: deaf });
  await get();
  await change(2);
  deepStrictEqual([await get(), world.answered.join()], [2, 'source,source']);
});

test('a tier that fails is passed by', async () => {
  const failures: unknown[] = [];
  const fail = () => Promise.reject(new Error('away'));
  const shared = { find: fail, keep: fail, forget: fail };
  const { get, change } = setUp({ shared, onTierFailure: (error) => failures.push(error) });
  strictEqual(await get(), 1);
  await change(2);
  strictEqual(failures.length, 2);
});

test('nobody waits until a slow tier has kept what was loaded', async () => {
  const tier = aTier();
  const shared: CacheTier<Priced> = {
    find: (key) => tier.find(key),
    keep: () => new Promise(() => {}),
    forget: (key, version) => tier.forget(key, version),
  };
  strictEqual(await setUp({ shared }).get(), 1);
});

test('a load that fails is told to all who wait, and tried anew by the next', async () => {
  const { cache, get } = setUp();
  const broken = () => cache.get('k', () => Promise.reject(new Error('no')));
  await Promise.all([rejects(broken()), rejects(broken())]);
  strictEqual(await get(), 1);
});
