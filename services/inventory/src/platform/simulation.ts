import { check, MemoryStates, type SimulatedDefinition, type SimulatedPlatform } from '@ashlar/simulation';
import type { InventoryApplication } from '../application/inventory.application.ts';
import type { Adjustment, AdjustmentLog } from '../application/ports/adjustment-log.interface.ts';
import { Reservation, type ReservationState } from '../domain/entities/reservation.entity.ts';
import { StockLevel, type StockLevelState } from '../domain/entities/stock-level.entity.ts';
import type { ReservationRepository } from '../domain/repositories/reservation.repository.interface.ts';
import type { StockLevelRepository } from '../domain/repositories/stock-level.repository.interface.ts';
import { toMessage } from '../infrastructure/repositories/reservation.message-mapper.ts';
import { createInventoryService, type InventorySettings } from './composition-root.ts';

export type { InventoryApplication };

export const LEVELS = 'levels';
export const RESERVATIONS = 'reservations';
export const ADJUSTMENTS = 'adjustments';
export type StoredLevel = Pick<StockLevelState, 'onHand' | 'reserved'>;
export type StoredReservation = Omit<ReservationState, 'orderId' | 'version'>;

const isPossible = ({ onHand, reserved }: StoredLevel): boolean => reserved >= 0 && reserved <= onHand;

export class MemoryStockLevelRepository implements StockLevelRepository {
  readonly #levels: MemoryStates<StoredLevel>;

  constructor({ work, stored }: SimulatedPlatform) {
    this.#levels = new MemoryStates(work, stored.table<StoredLevel>(LEVELS), {
      name: 'The stock level',
      constraints: [check<StoredLevel>('stock_levels_check', isPossible)],
    });
  }

  async find(productId: string): Promise<StockLevel | undefined> {
    return (await this.findMany([productId])).get(productId);
  }

  async findMany(productIds: readonly string[]): Promise<ReadonlyMap<string, StockLevel>> {
    const found = await this.#levels.findMany(productIds);
    return new Map(
      [...found].map(([productId, { version, state }]) => [
        productId,
        StockLevel.restore({ productId, version, ...state }),
      ]),
    );
  }

  async save(level: StockLevel): Promise<void> {
    const { productId, version, onHand, reserved } = level.state;
    await this.#levels.save({ id: productId, version, state: { onHand, reserved } });
  }
}

export class MemoryReservationRepository implements ReservationRepository {
  readonly #reservations: MemoryStates<StoredReservation>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#reservations = new MemoryStates(work, stored.table<StoredReservation>(RESERVATIONS), {
      name: 'The reservation',
    });
  }

  async find(orderId: string): Promise<Reservation | undefined> {
    return (await this.prefetch([orderId]))[0];
  }

  async prefetch(orderIds: readonly string[]): Promise<readonly Reservation[]> {
    const found = await this.#reservations.findMany(orderIds);
    return [...found].map(([orderId, { version, state }]) => Reservation.restore({ orderId, version, ...state }));
  }

  async save(reservation: Reservation): Promise<void> {
    const { orderId, version, ...state } = reservation.state;
    await this.platform.work.transaction(async () => {
      await this.#reservations.save({ id: orderId, version, state });
      await this.platform.outbox.add(reservation.takeEvents().map(toMessage));
    });
  }
}

class MemoryAdjustmentLog implements AdjustmentLog {
  readonly #adjustments: MemoryStates<Adjustment>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#adjustments = new MemoryStates(work, stored.table<Adjustment>(ADJUSTMENTS), { name: 'The adjustment' });
  }

  async add(adjustment: Adjustment): Promise<void> {
    await this.#adjustments.save({ id: this.platform.ids.next(), version: 0, state: adjustment });
  }
}

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedInventoryService = (settings: InventorySettings): SimulatedDefinition<InventoryApplication> => ({
  name: 'inventory',
  create: (platform) => {
    const { application, consumers } = createInventoryService(
      {
        transactions: platform.work,
        levels: new MemoryStockLevelRepository(platform),
        reservations: new MemoryReservationRepository(platform),
        adjustments: new MemoryAdjustmentLog(platform),
      },
      settings,
    );
    return { app: application, consumers };
  },
});
