import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CommitStock, ReserveStock } from '@ashlar/contracts/inventory';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { messagingMigrations, PostgresOutbox } from '@ashlar/messaging';
import { tripsOfBatch } from '@ashlar/messaging/contract-suites';
import { readMigrations, databaseMissing as skip } from '@ashlar/postgres';
import { TripCount, useTestDatabase } from '@ashlar/postgres/contract-suites';
import { StockLevel } from '../domain/entities/stock-level.entity.ts';
import { PostgresAdjustmentLog } from '../infrastructure/repositories/adjustment-log.impl.ts';
import { PostgresReservationRepository } from '../infrastructure/repositories/reservation.repository.impl.ts';
import { PostgresStockLevelRepository } from '../infrastructure/repositories/stock-level.repository.impl.ts';
import { createInventoryService } from './composition-root.ts';

const useDatabase = useTestDatabase(async () => [
  ...(await messagingMigrations()),
  ...(await readMigrations('inventory', fileURLToPath(new URL('../../migrations', import.meta.url)))),
]);

test('a batch of reservations takes as many round trips as one of them, and each is decided by itself', {
  skip,
}, async (t) => {
  const trips = new TripCount();
  const db = (await useDatabase(t)).another({ roundTrips: trips });
  const ids = new UuidV7Ids();
  const outbox = new PostgresOutbox({ db, clock: systemClock, ids, onCommitted: () => {} });
  const levels = new PostgresStockLevelRepository(db);
  const { consumers } = createInventoryService(
    {
      ...{ transactions: db, levels, reservations: new PostgresReservationRepository(db, outbox) },
      adjustments: new PostgresAdjustmentLog(db, systemClock, ids),
    },
    { openingStock: new Map() },
  );
  for (const productId of ['p1', 'p2'])
    await levels.save(StockLevel.restore({ productId, version: 0, onHand: 3, reserved: 0 }));
  const asks = (orderId: string, productId: string, quantity: number) => ({
    orderId,
    lines: [{ productId, quantity }],
  });
  const batch = { db, trips, consumer: consumers[0]! };
  const reserve = [asks('o1', 'p1', 2), asks('o2', 'p2', 2), asks('o3', 'p1', 2), asks('o4', 'p9', 1)];
  const counts = [
    await tripsOfBatch(batch, ReserveStock, [asks('o0', 'p2', 1)]),
    await tripsOfBatch(batch, ReserveStock, reserve),
    await tripsOfBatch(batch, CommitStock, [{ orderId: 'o1' }, { orderId: 'o2' }]),
  ];
  deepStrictEqual(counts, [2, 2, 3], 'what is told is read with the reservations, what they tell after them');
  const left = await levels.findMany(['p1', 'p2']);
  deepStrictEqual(
    ['p1', 'p2'].map((id) => [left.get(id)?.state.onHand, left.get(id)?.state.reserved]),
    [
      [1, 0],
      [1, 1],
    ],
  );
});
