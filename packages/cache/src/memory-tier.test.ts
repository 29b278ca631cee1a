import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { cacheTierContract } from './cache-tier.contract.ts';
import { MemoryTier } from './memory-tier.ts';

cacheTierContract('memory', { makeTier: async () => new MemoryTier({ clock: systemClock, maxAbsent: 10 }) });

test('memory: it has a bound, and the least recently used goes first', async () => {
  const tier = new MemoryTier<string>({ clock: systemClock, maxEntries: 2 });
  const keep = (key: string) =>
    tier.keep(key, { version: 1, value: key }, { since: { epoch: 0, ms: Date.now() }, ttlMs: 60_000 });
  const isKept = async (key: string) => (await tier.find(key)).copy !== undefined;
  await keep('a');
  await keep('b');
  await tier.find('a');
  await keep('c');
  strictEqual((await Promise.all(['a', 'b', 'c'].map(isKept))).join(), 'true,false,true');
});
