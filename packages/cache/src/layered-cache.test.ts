import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { type CacheOptions, type CacheTier, LayeredCache, type Stored } from './layered-cache.ts';

function setUp(options: Partial<CacheOptions<string>> = {}) {
  const world = { nowMs: 1_000, loads: 0, value: 'v1' as string | undefined, luck: 0 };
  const clock = { now: () => new Date(world.nowMs) };
  const cache = new LayeredCache<string>({ ttlMs: 1_000, clock, chance: () => world.luck, ...options });
  const source = async () => {
    world.loads += 1;
    return world.value;
  };
  const get = (key = 'k') => cache.get(key, source);
  return { world, cache, get };
}

function aTier() {
  const kept = new Map<string, Stored<string>>();
  const tier: CacheTier<string> = {
    get: async (key) => kept.get(key),
    set: async (key, stored) => void kept.set(key, stored),
    delete: async (key) => void kept.delete(key),
  };
  return { kept, tier };
}

test('the source is asked once for as long as the value lives', async () => {
  const { world, get } = setUp();
  deepStrictEqual([await get(), await get(), world.loads], ['v1', 'v1', 1]);
  world.nowMs += 1_000;
  world.value = 'v2';
  deepStrictEqual([await get(), world.loads], ['v2', 2]);
});

test('all who ask at the same time wait for one load', async () => {
  const { world, get } = setUp();
  deepStrictEqual(await Promise.all([get(), get(), get()]), ['v1', 'v1', 'v1']);
  strictEqual(world.loads, 1);
});

test('what was invalidated while it was loaded is not kept', async () => {
  const { world, cache, get } = setUp();
  const { promise: may, resolve: go } = Promise.withResolvers<void>();
  const { promise: begun, resolve: began } = Promise.withResolvers<void>();
  const slow = cache.get('k', async () => {
    const before = world.value;
    began();
    await may;
    return before;
  });
  await begun;
  world.value = 'v2';
  await cache.invalidate('k');
  strictEqual(await get(), 'v2');
  go();
  strictEqual(await slow, 'v1');
  strictEqual(await get(), 'v2');
});

test('that there is nothing is remembered only where that is wanted, and for its own time', async () => {
  const forgetful = setUp();
  forgetful.world.value = undefined;
  deepStrictEqual([await forgetful.get(), await forgetful.get(), forgetful.world.loads], [undefined, undefined, 2]);
  const { world, get } = setUp({ negativeTtlMs: 100 });
  world.value = undefined;
  deepStrictEqual([await get(), await get(), world.loads], [undefined, undefined, 1]);
  world.nowMs += 100;
  world.value = 'v1';
  strictEqual(await get(), 'v1');
});

test('lifetimes differ by chance, so that not everything expires at once', async () => {
  const { world, get } = setUp({ jitter: 0.5 });
  world.luck = 0.99;
  await get('short');
  world.luck = 0;
  await get('long');
  world.nowMs += 600;
  await get('short');
  await get('long');
  strictEqual(world.loads, 3);
});

test('another process finds in the shared tier what this one has loaded, until it is invalidated', async () => {
  const { tier } = aTier();
  const [one, other] = [setUp({ tier }), setUp({ tier })];
  deepStrictEqual([await one.get(), await other.get(), other.world.loads], ['v1', 'v1', 0]);
  await one.cache.invalidate('k');
  const third = setUp({ tier });
  await third.get();
  strictEqual(third.world.loads, 1);
});

test('what was invalidated while a slow tier stored it does not stay in the tier', async () => {
  const { kept, tier } = aTier();
  const [begun, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const set: CacheTier<string>['set'] = async (key, stored) => {
    begun.resolve();
    await may.promise;
    await tier.set(key, stored);
  };
  const { cache, get } = setUp({ tier: { ...tier, set } });
  const loaded = get();
  await begun.promise;
  await cache.invalidate('k');
  may.resolve();
  await loaded;
  deepStrictEqual([...kept], []);
});

test('a tier that fails is passed by', async () => {
  const failures: unknown[] = [];
  const fail = () => Promise.reject(new Error('away'));
  const tier = { get: fail, set: fail, delete: fail };
  const { get, cache } = setUp({ tier, onTierFailure: (error) => failures.push(error) });
  strictEqual(await get(), 'v1');
  await cache.invalidate('k');
  strictEqual(failures.length, 3);
});

test('a load that fails is told to all who wait, and tried anew by the next', async () => {
  const { cache, get } = setUp();
  const broken = () => cache.get('k', () => Promise.reject(new Error('no')));
  await Promise.all([rejects(broken()), rejects(broken())]);
  strictEqual(await get(), 'v1');
});

test('the memory has a bound, and the least recently used goes first', async () => {
  const { world, get } = setUp({ maxEntries: 2 });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key);
  strictEqual(world.loads, 4);
});
