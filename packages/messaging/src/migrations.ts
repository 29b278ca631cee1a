import { fileURLToPath } from 'node:url';
import { type Migration, readMigrations } from '@ashlar/postgres';

/** Outbox, inbox and parking lot: what every service's database needs to take part. */
export const messagingMigrations = (): Promise<Migration[]> =>
  readMigrations('messaging', fileURLToPath(new URL('../migrations', import.meta.url)));
