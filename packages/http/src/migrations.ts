import { fileURLToPath } from 'node:url';
import { type Migration, readMigrations } from '@ashlar/postgres';

/** The table of idempotency keys. It reads the outbox, so `messagingMigrations` belong in front. */
export const httpMigrations = (): Promise<Migration[]> =>
  readMigrations('http', fileURLToPath(new URL('../migrations', import.meta.url)));
