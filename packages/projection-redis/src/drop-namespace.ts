import { Redis } from 'ioredis';

const AT_ONCE = 500;

/** Removes everything of a namespace from a server that it shares with others. */
export async function dropRedisNamespace(options: { readonly url: string; readonly namespace: string }): Promise<void> {
  const redis = new Redis(options.url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    for (let cursor = '0'; ; ) {
      const [next, keys] = await redis.scan(cursor, 'MATCH', `${options.namespace}:*`, 'COUNT', AT_ONCE);
      if (keys.length > 0) await redis.unlink(...keys);
      if (next === '0') return;
      cursor = next;
    }
  } finally {
    redis.disconnect();
  }
}
