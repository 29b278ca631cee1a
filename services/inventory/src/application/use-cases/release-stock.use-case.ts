import type { Transactions } from '@ashlar/domain';
import { Reservation } from '../../domain/entities/reservation.entity.ts';
import type { ReservationRepository } from '../../domain/repositories/reservation.repository.interface.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';

/** Gives back what an order has reserved; for an order that has nothing, or is not known, it leaves a tombstone. */
export class ReleaseStockUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly reservations: ReservationRepository,
    private readonly levels: StockLevelRepository,
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const reservation = (await this.reservations.find(orderId)) ?? Reservation.for(orderId, 'orchestration');
      const { status, lines } = reservation.state;
      reservation.release();
      if (status === 'reserved') {
        const levels = await this.levels.findMany(lines.map(({ productId }) => productId));
        for (const { productId, quantity } of lines) {
          const level = levels.get(productId)!;
          level.release(quantity);
          await this.levels.save(level);
        }
      }
      await this.reservations.save(reservation);
    });
  }
}
