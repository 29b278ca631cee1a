import { fileURLToPath } from 'node:url';
import { usePostgresRepositories } from '@ashlar/messaging/contract-suites';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { onMemory } from '@ashlar/simulation';
import { reservationRepositoryContract } from '../domain/repositories/reservation.repository.contract.ts';
import { stockLevelRepositoryContract } from '../domain/repositories/stock-level.repository.contract.ts';
import { PostgresReservationRepository } from '../infrastructure/repositories/reservation.repository.impl.ts';
import { PostgresStockLevelRepository } from '../infrastructure/repositories/stock-level.repository.impl.ts';
import { MemoryReservationRepository, MemoryStockLevelRepository } from './simulation.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const onPostgres = usePostgresRepositories(() => readMigrations('inventory', migrations));

stockLevelRepositoryContract('stock levels on PostgreSQL', {
  makeStage: onPostgres((db) => new PostgresStockLevelRepository(db)),
  skip,
});
stockLevelRepositoryContract('stock levels on memory', {
  makeStage: onMemory((platform) => new MemoryStockLevelRepository(platform)),
});

reservationRepositoryContract('reservations on PostgreSQL', {
  makeStage: onPostgres((db, outbox) => new PostgresReservationRepository(db, outbox)),
  skip,
});
reservationRepositoryContract('reservations on memory', {
  makeStage: onMemory((platform) => new MemoryReservationRepository(platform)),
});
