import { fileURLToPath } from 'node:url';
import { usePostgresRepositories } from '@ashlar/messaging/contract-suites';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { onMemory } from '@ashlar/simulation';
import { productRepositoryContract } from '../domain/repositories/product.repository.contract.ts';
import { PostgresProductRepository } from '../infrastructure/repositories/product.repository.impl.ts';
import { MemoryProductRepository } from './simulation.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const onPostgres = usePostgresRepositories(() => readMigrations('product', migrations));

productRepositoryContract('products on PostgreSQL', {
  makeStage: onPostgres((db, outbox) => new PostgresProductRepository(db, outbox)),
  skip,
});
productRepositoryContract('products on memory', {
  makeStage: onMemory((platform) => new MemoryProductRepository(platform)),
});
