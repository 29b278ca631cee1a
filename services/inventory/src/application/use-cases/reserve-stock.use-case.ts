import type { Transactions } from '@ashlar/domain';
import { type Line, Reservation, type SagaStyle } from '../../domain/entities/reservation.entity.ts';
import type { ReservationRepository } from '../../domain/repositories/reservation.repository.interface.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';

export interface ReserveStock {
  readonly orderId: string;
  readonly lines: readonly Line[];
  readonly saga: SagaStyle;
}

/** Reserves all lines of an order, or none. */
export class ReserveStockUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly reservations: ReservationRepository,
    private readonly levels: StockLevelRepository,
  ) {}

  async execute({ orderId, lines, saga }: ReserveStock): Promise<void> {
    await this.transactions.transaction(async () => {
      const reservation = (await this.reservations.find(orderId)) ?? Reservation.for(orderId, saga);
      if (reservation.isOpen) await this.#decide(reservation, lines);
      else reservation.answer();
      await this.reservations.save(reservation);
    });
  }

  async #decide(reservation: Reservation, lines: readonly Line[]): Promise<void> {
    const levels = await this.levels.findMany(lines.map(({ productId }) => productId));
    if (lines.some(({ productId, quantity }) => (levels.get(productId)?.available ?? 0) < quantity)) {
      return reservation.rejected();
    }
    for (const { productId, quantity } of lines) {
      const level = levels.get(productId)!;
      level.reserve(quantity);
      await this.levels.save(level);
    }
    reservation.reserved(lines);
  }
}
