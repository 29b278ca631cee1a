import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CapturePayment, ReservePayment } from '@ashlar/contracts/payment';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { eventStoreMigrations, PostgresEventStore } from '@ashlar/event-store';
import { messagingMigrations, PostgresOutbox } from '@ashlar/messaging';
import { tripsOfBatch } from '@ashlar/messaging/contract-suites';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { TripCount, useTestDatabase } from '@ashlar/postgres/contract-suites';
import { EventStoreAccountRepository } from '../infrastructure/repositories/account.repository.impl.ts';
import { PostgresDepositRepository } from '../infrastructure/repositories/deposit.repository.impl.ts';
import { PostgresPaymentRepository } from '../infrastructure/repositories/payment.repository.impl.ts';
import { createPaymentService } from './composition-root.ts';

const useDatabase = useTestDatabase(async () => [
  ...(await messagingMigrations()),
  ...(await eventStoreMigrations()),
  ...(await readMigrations('payment', fileURLToPath(new URL('../../migrations', import.meta.url)))),
]);
const unused = async () => Promise.reject(new Error('Nobody deposits here.'));

test('a batch of payments takes as many round trips as one of them, and each is decided by itself', {
  skip,
}, async (t) => {
  const trips = new TripCount();
  const db = (await useDatabase(t)).another({ roundTrips: trips });
  const world = { clock: systemClock, ids: new UuidV7Ids() };
  const accounts = new EventStoreAccountRepository(db, new PostgresEventStore(db));
  const payments = new PostgresPaymentRepository(db, new PostgresOutbox({ db, ...world, onCommitted: () => {} }));
  const { consumers } = createPaymentService({
    ...{ ...world, transactions: db, accounts, payments, deposits: new PostgresDepositRepository(db) },
    cardProcessor: { charge: unused },
    depositJobs: () => ({ finishLater: unused }),
    breakers: () => [],
    close: async () => {},
  });
  for (const userId of ['ada', 'bob']) {
    const owner = { accountId: `of ${userId}`, userId, currency: 'USD' };
    await accounts.open(owner, new Date());
    await accounts.execute(owner.accountId, { type: 'Open', ...owner });
    await accounts.execute(owner.accountId, { type: 'Deposit', depositId: userId, amount: 100 });
  }
  const asks = (orderId: string, userId: string, amount = 60) => ({
    ...{ orderId, userId },
    amount: { amount, currency: 'USD' },
  });
  const batch = { db, trips, consumer: consumers[0]! };
  const reserve = [asks('o1', 'ada'), asks('o2', 'bob'), asks('o3', 'ada')];
  const counts = [
    await tripsOfBatch(batch, ReservePayment, [asks('o0', 'bob', 1)]),
    await tripsOfBatch(batch, ReservePayment, reserve),
    await tripsOfBatch(batch, CapturePayment, [{ orderId: 'o1' }, { orderId: 'o2' }, { orderId: 'o3' }]),
  ];
  deepStrictEqual(counts, [3, 3, 3], 'payments and owners; accounts; all writes');
  const statuses = await payments.prefetch(['o1', 'o2', 'o3']);
  deepStrictEqual(statuses.map(({ state }) => `${state.orderId} ${state.status}`).sort(), [
    'o1 captured',
    'o2 captured',
    'o3 declined',
  ]);
});
