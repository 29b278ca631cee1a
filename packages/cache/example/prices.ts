import { LayeredCache, MemoryTier } from '@ashlar/cache';
import { systemClock } from '@ashlar/domain';

interface Price {
  readonly version: number;
  readonly cents: number;
}

let tea: Price = { version: 1, cents: 1299 };

const prices = new LayeredCache<Price>({
  layers: [{ name: 'memory', tier: new MemoryTier({ clock: systemClock }), ttlMs: 60_000, negativeTtlMs: 5_000 }],
  versionOf: ({ version }) => version,
  chance: Math.random,
});

async function priceOf(sku: string): Promise<number | undefined> {
  const price = await prices.get(sku, async () => {
    console.log(`asking the database for ${sku}`);
    return sku === 'tea' ? tea : undefined;
  });
  return price?.cents;
}

console.log(await Promise.all([priceOf('tea'), priceOf('tea')]));
console.log(await priceOf('tea'), await priceOf('nothing'), await priceOf('nothing'));
tea = { version: 2, cents: 1399 };
await prices.invalidate('tea', tea.version);
console.log(await priceOf('tea'));
