import { fileURLToPath } from 'node:url';
import { type Migration, readMigrations } from '@ashlar/postgres';

/** How far what is kept in Redis can be relied upon; behind `projectionMigrations()`. */
export const redisProjectionMigrations = (): Promise<Migration[]> =>
  readMigrations('projection-redis', fileURLToPath(new URL('../migrations', import.meta.url)));
