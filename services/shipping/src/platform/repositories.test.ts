import { fileURLToPath } from 'node:url';
import { usePostgresRepositories } from '@ashlar/messaging/contract-suites';
import { personalDataMigrations } from '@ashlar/personal-data';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { onMemory } from '@ashlar/simulation';
import { shipmentRepositoryContract } from '../domain/repositories/shipment.repository.contract.ts';
import { PostgresShipmentRepository } from '../infrastructure/repositories/shipment.repository.impl.ts';
import { MemoryShipmentRepository } from './simulation.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const onPostgres = usePostgresRepositories(async () => [
  ...(await personalDataMigrations()),
  ...(await readMigrations('shipping', migrations)),
]);

shipmentRepositoryContract('shipments on PostgreSQL', {
  makeStage: onPostgres((db, outbox) => new PostgresShipmentRepository(db, outbox)),
  skip,
});
shipmentRepositoryContract('shipments on memory', {
  makeStage: onMemory((platform) => new MemoryShipmentRepository(platform)),
});
