import type { Line } from '../../domain/entities/reservation.entity.ts';
import type { ReservationRepository } from '../../domain/repositories/reservation.repository.interface.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';

export interface ForeseenOrders {
  readonly orderIds: readonly string[];
  /** Those that are told; others are known from the reservations. */
  readonly lines: readonly Line[];
}

/** Loads what the next orders are about into the transaction at once: reservations, and the stock of all products. */
export class PrefetchStockUseCase {
  constructor(
    private readonly reservations: ReservationRepository,
    private readonly levels: StockLevelRepository,
  ) {}

  async execute({ orderIds, lines }: ForeseenOrders): Promise<void> {
    const [reservations] = await Promise.all([this.reservations.prefetch(orderIds), this.#load(lines)]);
    await this.#load(reservations.flatMap(({ state }) => state.lines));
  }

  async #load(lines: readonly Line[]): Promise<void> {
    await this.levels.findMany(lines.map(({ productId }) => productId));
  }
}
