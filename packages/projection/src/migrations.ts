import { fileURLToPath } from 'node:url';
import { type Migration, readMigrations } from '@ashlar/postgres';

/** The checkpoints of read models. */
export const projectionMigrations = (): Promise<Migration[]> =>
  readMigrations('projection', fileURLToPath(new URL('../migrations', import.meta.url)));
