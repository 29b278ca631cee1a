import { LayeredCache } from '@ashlar/cache';
import { systemClock } from '@ashlar/domain';

const prices = new LayeredCache<number>({
  ttlMs: 60_000,
  negativeTtlMs: 5_000,
  clock: systemClock,
  chance: Math.random,
});

async function priceOf(sku: string): Promise<number | undefined> {
  return prices.get(sku, async () => {
    console.log(`asking the database for ${sku}`);
    return sku === 'tea' ? 1299 : undefined;
  });
}

console.log(await Promise.all([priceOf('tea'), priceOf('tea')]));
console.log(await priceOf('tea'), await priceOf('nothing'), await priceOf('nothing'));
await prices.invalidate('tea');
console.log(await priceOf('tea'));
