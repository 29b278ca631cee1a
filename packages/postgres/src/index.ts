export {
  type Database,
  type DatabaseOptions,
  PostgresDatabase,
  type TransactionOptions,
  type UnitOfWork,
} from './database.ts';
export { type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from './embedded/embedded-postgres.ts';
export { freePort } from './embedded/free-port.ts';
export {
  ConcurrencyError,
  EffectRefusedError,
  isRetryable,
  isSqlError,
  isUniqueViolation,
  isUnreachable,
  UnknownCommitError,
} from './errors.ts';
export { IdentityMap } from './identity-map.ts';
export { type Migration, migrate, readMigrations } from './migrations.ts';
export { dropNamespace, offeredConnections, type Provision, provisionDatabase } from './provision.ts';
export { onPrimary, type Reader, type Reads, type ReplicaView } from './replicas/reads.ts';
export { ReplicaSet, type ReplicaSetOptions } from './replicas/replica-set.ts';
export { type RoundTrips, summaryOf } from './round-trips.ts';
export { StateTable, type StateTableOptions, type Stored } from './state-table.ts';
export { unfitName, unstorable } from './storable.ts';
export {
  createTestDatabase,
  databaseMissing,
  eventually,
  type TestDatabase,
  withTestDatabase,
} from './test-database.ts';
export { RANK, type Statement, type WriteBuffer } from './transaction.ts';
