import { fileURLToPath } from 'node:url';
import { type Migration, readMigrations } from '@ashlar/postgres';

/** The keys of persons. */
export const personalDataMigrations = (): Promise<Migration[]> =>
  readMigrations('personal-data', fileURLToPath(new URL('../migrations', import.meta.url)));
