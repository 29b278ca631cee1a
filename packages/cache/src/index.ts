export {
  type CacheTier,
  type Copy,
  FORGOTTEN_MS,
  type Found,
  type Keeping,
  MAX_ABSENT,
  type Moment,
} from './cache-tier.ts';
export { type CacheLayer, type CacheOptions, LayeredCache } from './layered-cache.ts';
export { MemoryTier, type MemoryTierOptions } from './memory-tier.ts';
