export { dropRedisNamespace } from './drop-namespace.ts';
export { redisProjectionMigrations } from './migrations.ts';
export { RedisLink, type RedisLinkOptions } from './redis-link.ts';
export { RedisReadModel, type RedisReadModelOptions, type Versioned } from './redis-read-model.ts';
