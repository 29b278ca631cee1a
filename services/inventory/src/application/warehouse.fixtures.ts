import type { Transactions } from '@ashlar/domain';
import { Reservation, type ReservationState } from '../domain/entities/reservation.entity.ts';
import { StockLevel, type StockLevelState } from '../domain/entities/stock-level.entity.ts';
import type { ReservationEvent } from '../domain/events/reservation.events.ts';
import type { ReservationRepository } from '../domain/repositories/reservation.repository.interface.ts';
import type { StockLevelRepository } from '../domain/repositories/stock-level.repository.interface.ts';
import type { Adjustment, AdjustmentLog } from './ports/adjustment-log.interface.ts';
import { CommitStockUseCase } from './use-cases/commit-stock.use-case.ts';
import { ExpectOrderUseCase } from './use-cases/expect-order.use-case.ts';
import { ReleaseStockUseCase } from './use-cases/release-stock.use-case.ts';
import { ReserveExpectedStockUseCase } from './use-cases/reserve-expected-stock.use-case.ts';
import { ReserveStockUseCase } from './use-cases/reserve-stock.use-case.ts';

/** A warehouse in memory, with everything that it has told others. */
export class Warehouse implements Transactions {
  #levels = new Map<string, StockLevelState>();
  #reservations = new Map<string, ReservationState>();
  #events: ReservationEvent[] = [];
  readonly adjustments: Adjustment[] = [];

  constructor(stock: Readonly<Record<string, number>> = {}) {
    for (const [productId, onHand] of Object.entries(stock)) {
      this.#levels.set(productId, { productId, onHand, reserved: 0, version: 1 });
    }
  }

  /** All or nothing, like the database. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const [levels, reservations, events] = [new Map(this.#levels), new Map(this.#reservations), [...this.#events]];
    try {
      return await work();
    } catch (error) {
      this.#levels = levels;
      this.#reservations = reservations;
      this.#events = events;
      throw error;
    }
  }

  readonly levels: StockLevelRepository = {
    find: async (productId) => (await this.levels.findMany([productId])).get(productId),
    findMany: async (productIds) => {
      const found = productIds.flatMap((id) => this.#levels.get(id) ?? []);
      return new Map(found.map((state) => [state.productId, StockLevel.restore(state)]));
    },
    save: async ({ state }) => {
      this.#levels.set(state.productId, { ...state, version: state.version + 1 });
    },
  };

  readonly reservations: ReservationRepository = {
    find: async (orderId) => {
      const state = this.#reservations.get(orderId);
      return state && Reservation.restore(state);
    },
    prefetch: async () => [],
    save: async (reservation) => {
      const { state } = reservation;
      this.#reservations.set(state.orderId, { ...state, version: state.version + 1 });
      this.#events.push(...reservation.takeEvents());
    },
  };

  readonly log: AdjustmentLog = { add: async (adjustment) => void this.adjustments.push(adjustment) };

  readonly reserve = new ReserveStockUseCase(this, this.reservations, this.levels);
  readonly release = new ReleaseStockUseCase(this, this.reservations, this.levels);
  readonly commit = new CommitStockUseCase(this, this.reservations, this.levels);
  readonly expect = new ExpectOrderUseCase(this, this.reservations, this.reserve);
  readonly reserveExpected = new ReserveExpectedStockUseCase(this, this.reservations, this.reserve);

  /** `reserved of on hand` */
  stock(productId: string): string {
    const { onHand, reserved } = this.#levels.get(productId)!;
    return `${reserved} of ${onHand}`;
  }

  /** The names of what it has told others, in order. */
  get said(): string[] {
    return this.#events.map(({ type }) => type);
  }

  get events(): readonly ReservationEvent[] {
    return this.#events;
  }
}
