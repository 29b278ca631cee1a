import { type CacheLayer, LayeredCache, MemoryTier } from '@ashlar/cache';
import { RedisTier } from '@ashlar/cache-redis';
import { systemChance } from '@ashlar/domain';
import type { BreakerView, ServicePlatform } from '@ashlar/host';
import { RedisLink } from '@ashlar/projection-redis';
import { Counter } from '@ashlar/telemetry';
import { hearChanges } from '../infrastructure/read-models/product-news.ts';
import { CachedProductReads } from '../infrastructure/read-models/product-reads.impl.ts';
import type { ProductRow } from '../infrastructure/repositories/product.row-mapper.ts';

/** Where copies of products are kept for all replicas; each has some in its memory besides. */
export type ProductCopies = 'none' | { readonly redisUrl: string; readonly namespace: string };

/** The read side of the products, and what runs for it. */
export interface ReadSide {
  readonly reads: CachedProductReads;
  breakers(): readonly BreakerView[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What another replica has changed, and what nobody has told us of, is seen within this time. */
const IN_MEMORY_MS = 250;
/** A change ends it before, in the transaction of the change. */
const IN_REDIS_MS = 60_000;
const ABSENT_IN_REDIS_MS = 5_000;

export function readSideOf(platform: ServicePlatform, shared: ProductCopies): ReadSide {
  const { reads, clock, telemetry, news } = platform;
  const redis = shared === 'none' ? undefined : inRedis(platform, shared);
  // Where Redis tells all replicas what there is, it alone tells what there is not: it hears of it before the commit.
  const memory = { name: 'memory', tier: new MemoryTier<ProductRow>({ clock }), ttlMs: IN_MEMORY_MS };
  const layers: CacheLayer<ProductRow>[] = redis
    ? [memory, { name: 'redis', tier: redis.tier, ttlMs: IN_REDIS_MS, negativeTtlMs: ABSENT_IN_REDIS_MS }]
    : [{ ...memory, negativeTtlMs: IN_MEMORY_MS }];
  const answered = new Counter({
    name: 'product_reads_total',
    help: 'Reads of single products that any copy may answer, by who has answered: memory, redis or source.',
    labelNames: ['layer'],
    registers: [telemetry.metrics],
  });
  const cache = new LayeredCache<ProductRow>({
    layers,
    versionOf: ({ version }) => version,
    chance: systemChance,
    onRead: (layer) => answered.inc({ layer }),
  });
  const cached = new CachedProductReads({ reads, cache, clock, ...(redis && { shared: redis.tier }) });
  let stopHearing = () => {};
  return {
    reads: cached,
    breakers: () => (redis ? [{ name: 'redis', ...redis.breaker() }] : []),
    async start() {
      stopHearing = hearChanges(news, cached);
      await redis?.tier.prepare();
    },
    async stop() {
      stopHearing();
      await redis?.close();
    },
  };
}

function inRedis(platform: ServicePlatform, { redisUrl, namespace }: Exclude<ProductCopies, 'none'>) {
  const { db, timers, telemetry } = platform;
  const { log } = telemetry;
  const redis = new RedisLink({
    url: redisUrl,
    onError: (error) => log.debug({ err: error }, 'The connection with Redis is lost, or cannot be made.'),
  });
  const tier = new RedisTier<ProductRow>({
    ...{ name: 'product.products', namespace, db, redis, timers },
    onError: (error) => log.debug({ err: error }, 'Whether Redis can be relied upon is not known; it is looked again.'),
    onLook: outages({
      lost: () => log.warn('Redis is away: products are read from PostgreSQL.'),
      regained: () => log.info('Redis is back: products are read from it again.'),
    }),
  });
  return {
    tier,
    breaker: () => ({ state: redis.breaker.state, failureRate: redis.breaker.failureRate }),
    async close() {
      await tier.close();
      redis.close();
    },
  };
}

/** So many looks in succession that do not find Redis well are an outage: one may fall into the first connecting. */
const OUTAGE_LOOKS = 4;

/** An outage is told once, and its end. */
function outages({ lost, regained }: { readonly lost: () => void; readonly regained: () => void }) {
  let missed = 0;
  return (isWell: boolean): void => {
    if (isWell && missed >= OUTAGE_LOOKS) regained();
    missed = isWell ? 0 : missed + 1;
    if (missed === OUTAGE_LOOKS) lost();
  };
}
