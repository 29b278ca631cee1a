import { deepStrictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ArrangeShipment } from '@ashlar/contracts/shipping';
import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import { messagingMigrations, PostgresOutbox } from '@ashlar/messaging';
import { tripsOfBatch } from '@ashlar/messaging/contract-suites';
import { PersonalVault, PostgresPersonalKeys, personalDataMigrations } from '@ashlar/personal-data';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { TripCount, useTestDatabase } from '@ashlar/postgres/contract-suites';
import { PostgresShipmentRepository } from '../infrastructure/repositories/shipment.repository.impl.ts';
import { createShippingService } from './composition-root.ts';

const useDatabase = useTestDatabase(async () => [
  ...(await messagingMigrations()),
  ...(await personalDataMigrations()),
  ...(await readMigrations('shipping', fileURLToPath(new URL('../../migrations', import.meta.url)))),
]);
const unused = async () => Promise.reject(new Error('Nobody cancels here.'));
const taken = { type: 'booked', carrier: 'Express', trackingNumber: 'T1' } as const;

async function setUp(t: TestContext) {
  const trips = new TripCount();
  const db = (await useDatabase(t)).another({ roundTrips: trips });
  const world = { clock: systemClock, ids: new UuidV7Ids(), timers: systemTimers };
  const vault = new PersonalVault(new PostgresPersonalKeys(db));
  const shipments = new PostgresShipmentRepository(db, new PostgresOutbox({ db, ...world, onCommitted: () => {} }));
  const booked: string[] = [];
  const { consumers, application } = createShippingService({
    ...{ ...world, transactions: db, shipments, vault, sealStored: async () => {} },
    carrier: { book: async () => taken, cancel: unused },
    carrierJobs: () => ({ book: async (orderId) => void booked.push(orderId), cancel: unused }),
    breakers: () => [],
    close: async () => {},
  });
  const asks = async (orderId: string, userId: string) => {
    const { address } = (await db.transaction(() => vault.seal(userId, { address: {} })))!;
    return { orderId, userId, address };
  };
  return { trips, vault, shipments, booked, application, asks, batch: { db, trips, consumer: consumers[0]! } };
}

test('a batch of shipments takes as many round trips as one of them, and refuses who has left', {
  skip,
}, async (t) => {
  const { vault, shipments, booked, asks, batch } = await setUp(t);
  const requests = [await asks('o1', 'ada'), await asks('o2', 'bob'), await asks('o3', 'cid'), await asks('o4', 'ada')];
  await vault.erase('cid');
  const counts = [
    await tripsOfBatch(batch, ArrangeShipment, [await asks('o0', 'bob')]),
    await tripsOfBatch(batch, ArrangeShipment, requests),
  ];
  deepStrictEqual(counts, [2, 2], 'shipments and keys; all writes');
  deepStrictEqual(booked, ['o0', 'o1', 'o2', 'o4']);
  deepStrictEqual((await shipments.findOf('o3'))?.state.status, 'refused');
});

test('a booking reads the shipment and its key, and writes what the carrier has answered', { skip }, async (t) => {
  const { trips, shipments, application, asks } = await setUp(t);
  await application.arrangeShipment.execute({ ...(await asks('o1', 'ada')), saga: 'orchestration' });
  deepStrictEqual(await trips.of(() => application.bookCarrier.execute({ orderId: 'o1' })), 3);
  deepStrictEqual((await shipments.findOf('o1'))?.state.status, 'scheduled');
});
