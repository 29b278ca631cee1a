/** Where tests of processes keep what is read; without a server there PostgreSQL answers. */
export const redisUrl: string = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
