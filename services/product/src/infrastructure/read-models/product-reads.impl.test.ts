import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { LayeredCache, MemoryTier } from '@ashlar/cache';
import type { Freshness } from '@ashlar/domain';
import type { ProductRow } from '../repositories/product.row-mapper.ts';
import { CachedProductReads } from './product-reads.impl.ts';

/** Answers nothing, and remembers how new it had to be. */
function setUp() {
  let now = Date.parse('2026-01-01T12:00:00Z');
  const clock = { now: () => new Date(now) };
  const asked: Freshness[] = [];
  const reads = {
    at: (freshness: Freshness) => {
      asked.push(freshness);
      return { query: async () => [] };
    },
  };
  const cache = new LayeredCache<ProductRow>({
    layers: [{ name: 'memory', tier: new MemoryTier({ clock }), ttlMs: 250 }],
    versionOf: ({ version }) => version,
    chance: () => 0,
  });
  return { products: new CachedProductReads({ reads, cache, clock }), asked, pass: (ms: number) => (now += ms) };
}

test('what was changed here a moment ago is read on the primary, and everything else on any replica', async () => {
  const { products, asked, pass } = setUp();
  const all = { status: 'active', limit: 9 } as const;
  await products.find('cup', 'any');
  products.changed('cup', 2);
  await products.find('cup', 'any');
  await products.find('pot', 'any');
  await products.list(all, 'any');
  pass(1_000);
  await products.find('cup', 'any');
  await products.list(all, 'any');
  deepStrictEqual(asked, ['any', 'latest', 'any', 'latest', 'any', 'any']);
});

test('a place in the log is handed on, past the cache', async () => {
  const { products, asked } = setUp();
  const since = { timeline: 1, lsn: 7n };
  await products.find('cup', { since });
  await products.list({ status: 'active', limit: 9 }, { since });
  await products.find('cup', 'newest');
  deepStrictEqual(asked, [{ since }, { since }, 'newest']);
});
