import { fileURLToPath } from 'node:url';
import type { Transactions } from '@ashlar/domain';
import type { Service, ServiceDefinition, ServicePlatform } from '@ashlar/host';
import { readMigrations } from '@ashlar/postgres';
import type { InventoryApplication } from '../application/inventory.application.ts';
import { StockLevelMapper } from '../application/mappers/stock-level.mapper.ts';
import type { AdjustmentLog } from '../application/ports/adjustment-log.interface.ts';
import { AdjustStockUseCase } from '../application/use-cases/adjust-stock.use-case.ts';
import { CommitStockUseCase } from '../application/use-cases/commit-stock.use-case.ts';
import { ExpectOrderUseCase } from '../application/use-cases/expect-order.use-case.ts';
import { GetStockUseCase } from '../application/use-cases/get-stock.use-case.ts';
import { PrefetchStockUseCase } from '../application/use-cases/prefetch-stock.use-case.ts';
import { ReleaseStockUseCase } from '../application/use-cases/release-stock.use-case.ts';
import { ReserveExpectedStockUseCase } from '../application/use-cases/reserve-expected-stock.use-case.ts';
import { ReserveStockUseCase } from '../application/use-cases/reserve-stock.use-case.ts';
import { StockProductUseCase } from '../application/use-cases/stock-product.use-case.ts';
import type { ReservationRepository } from '../domain/repositories/reservation.repository.interface.ts';
import type { StockLevelRepository } from '../domain/repositories/stock-level.repository.interface.ts';
import { PostgresAdjustmentLog } from '../infrastructure/repositories/adjustment-log.impl.ts';
import { PostgresReservationRepository } from '../infrastructure/repositories/reservation.repository.impl.ts';
import { PostgresStockLevelRepository } from '../infrastructure/repositories/stock-level.repository.impl.ts';
import { checkoutPolicy } from '../interface/consumers/checkout.policy.ts';
import { checkoutPrefetch } from '../interface/consumers/checkout.prefetch.ts';
import { inventoryCommands } from '../interface/consumers/inventory.commands.ts';
import { productPolicy } from '../interface/consumers/product.policy.ts';
import { inventoryController } from '../interface/controllers/inventory.controller.ts';

/** What the service needs from outside. Tests and simulations pass their own here, and nowhere else. */
export interface InventoryAdapters {
  readonly transactions: Transactions;
  readonly levels: StockLevelRepository;
  readonly reservations: ReservationRepository;
  readonly adjustments: AdjustmentLog;
}

/** The adapters of production. */
export const productionAdapters = ({ db, outbox, clock, ids }: ServicePlatform): InventoryAdapters => ({
  transactions: db,
  levels: new PostgresStockLevelRepository(db),
  reservations: new PostgresReservationRepository(db, outbox),
  adjustments: new PostgresAdjustmentLog(db, clock, ids),
});

export interface InventorySettings {
  /** What is there of a product when it is first heard of, by its id. */
  readonly openingStock: ReadonlyMap<string, number>;
}

export const inventoryService = (settings: InventorySettings): ServiceDefinition => ({
  name: 'inventory',
  migrations: () => readMigrations('inventory', fileURLToPath(new URL('../../migrations', import.meta.url))),
  create: (platform) => createInventoryService(productionAdapters(platform), settings),
});

export function createInventoryService(
  adapters: InventoryAdapters,
  { openingStock }: InventorySettings,
): Service & { readonly application: InventoryApplication } {
  const { transactions, levels, reservations, adjustments } = adapters;
  const mapper = new StockLevelMapper();
  const reserveStock = new ReserveStockUseCase(transactions, reservations, levels);

  const application: InventoryApplication = {
    getStock: new GetStockUseCase(levels, mapper),
    adjustStock: new AdjustStockUseCase(transactions, levels, adjustments, mapper),
    stockProduct: new StockProductUseCase(transactions, levels, adjustments, openingStock),
    reserveStock,
    expectOrder: new ExpectOrderUseCase(transactions, reservations, reserveStock),
    reserveExpectedStock: new ReserveExpectedStockUseCase(transactions, reservations, reserveStock),
    releaseStock: new ReleaseStockUseCase(transactions, reservations, levels),
    commitStock: new CommitStockUseCase(transactions, reservations, levels),
    prefetchStock: new PrefetchStockUseCase(reservations, levels),
  };

  return {
    application,
    routes: [inventoryController(application)],
    consumers: [
      {
        name: 'inventory.checkout',
        subscriptions: [...inventoryCommands(application), ...checkoutPolicy(application)],
        prefetch: checkoutPrefetch(application),
      },
      { name: 'inventory.products', subscriptions: productPolicy(application) },
    ],
  };
}
