export { type CacheOptions, type CacheTier, LayeredCache, type Stored } from './layered-cache.ts';
