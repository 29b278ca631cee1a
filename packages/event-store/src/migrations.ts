import { fileURLToPath } from 'node:url';
import { type Migration, readMigrations } from '@ashlar/postgres';

/** Streams, events and the append function. */
export const eventStoreMigrations = (): Promise<Migration[]> =>
  readMigrations('event-store', fileURLToPath(new URL('../migrations', import.meta.url)));
