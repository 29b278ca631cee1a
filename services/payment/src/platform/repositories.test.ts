import { fileURLToPath } from 'node:url';
import { eventStoreMigrations, PostgresEventStore } from '@ashlar/event-store';
import { usePostgresRepositories } from '@ashlar/messaging/contract-suites';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { onMemory } from '@ashlar/simulation';
import { accountRepositoryContract } from '../domain/repositories/account.repository.contract.ts';
import { depositRepositoryContract } from '../domain/repositories/deposit.repository.contract.ts';
import { paymentRepositoryContract } from '../domain/repositories/payment.repository.contract.ts';
import { EventStoreAccountRepository } from '../infrastructure/repositories/account.repository.impl.ts';
import { PostgresDepositRepository } from '../infrastructure/repositories/deposit.repository.impl.ts';
import { PostgresPaymentRepository } from '../infrastructure/repositories/payment.repository.impl.ts';
import {
  ACCOUNTS,
  MemoryAccountRepository,
  MemoryDepositRepository,
  MemoryPaymentRepository,
} from './simulation.repositories.ts';

const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));
const onPostgres = usePostgresRepositories(async () => [
  ...(await eventStoreMigrations()),
  ...(await readMigrations('payment', migrations)),
]);
const at = new Date('2026-01-01T00:00:00.000Z');

accountRepositoryContract('accounts on PostgreSQL', {
  makeStage: onPostgres((db) => new EventStoreAccountRepository(db, new PostgresEventStore(db))),
  skip,
});
accountRepositoryContract('accounts on memory', {
  makeStage: onMemory((platform) => new MemoryAccountRepository(platform)),
});

depositRepositoryContract('deposits on PostgreSQL', {
  makeStage: async (t) => {
    const owners: EventStoreAccountRepository[] = [];
    const stage = await onPostgres((db) => {
      owners.push(new EventStoreAccountRepository(db, new PostgresEventStore(db)));
      return new PostgresDepositRepository(db);
    })(t);
    for (const accountId of ['a', 'b']) await owners[0]!.open({ accountId, userId: accountId, currency: 'EUR' }, at);
    return stage;
  },
  skip,
});
depositRepositoryContract('deposits on memory', {
  makeStage: onMemory((platform) => {
    for (const id of ['a', 'b']) platform.stored.table(ACCOUNTS).set(id, { id, version: 1, state: {} });
    return new MemoryDepositRepository(platform);
  }),
});

paymentRepositoryContract('payments on PostgreSQL', {
  makeStage: onPostgres((db, outbox) => new PostgresPaymentRepository(db, outbox)),
  skip,
});
paymentRepositoryContract('payments on memory', {
  makeStage: onMemory((platform) => new MemoryPaymentRepository(platform)),
});
