import { fileURLToPath } from 'node:url';
import { type Migration, readMigrations } from '@ashlar/postgres';

/** Where a service keeps its sagas. */
export const sagaMigrations = (): Promise<Migration[]> =>
  readMigrations('saga', fileURLToPath(new URL('../migrations', import.meta.url)));
