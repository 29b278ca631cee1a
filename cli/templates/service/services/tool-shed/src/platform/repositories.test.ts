import { fileURLToPath } from 'node:url';
import { usePostgresRepositories } from '@ashlar/messaging/contract-suites';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { onMemory } from '@ashlar/simulation';
import { keyRingRepositoryContract } from '../domain/repositories/key-ring.repository.contract.ts';
import { PostgresKeyRingRepository } from '../infrastructure/repositories/key-ring.repository.impl.ts';
import { MemoryKeyRingRepository } from './simulation.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const onPostgres = usePostgresRepositories(() => readMigrations('tool-shed', migrations));

keyRingRepositoryContract('key rings on PostgreSQL', {
  makeStage: onPostgres((db, outbox) => new PostgresKeyRingRepository(db, outbox)),
  skip,
});
keyRingRepositoryContract('key rings on memory', {
  makeStage: onMemory((platform) => new MemoryKeyRingRepository(platform)),
});
