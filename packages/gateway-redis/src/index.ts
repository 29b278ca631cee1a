export { type RedisClusterOptions, redisCluster } from './redis-cluster.ts';
