export { dropRedisNamespace } from './drop-namespace.ts';
export { EpochTrust, type EpochTrustOptions } from './epoch-trust.ts';
export { redisProjectionMigrations } from './migrations.ts';
export { RedisLink, type RedisLinkOptions } from './redis-link.ts';
export { RedisReadModel, type RedisReadModelOptions, type Versioned } from './redis-read-model.ts';
export { run, type Script, script } from './scripts.ts';
