import type { Transactions } from '@ashlar/domain';
import { InventoryError } from '../../domain/errors/inventory.errors.ts';
import type { ReservationRepository } from '../../domain/repositories/reservation.repository.interface.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';

/** What an order has reserved leaves the warehouse, once. */
export class CommitStockUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly reservations: ReservationRepository,
    private readonly levels: StockLevelRepository,
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const reservation = await this.reservations.find(orderId);
      if (!reservation) throw InventoryError.notReserved(orderId);
      const { status, lines } = reservation.state;
      reservation.commit();
      if (status === 'reserved') {
        const levels = await this.levels.findMany(lines.map(({ productId }) => productId));
        for (const { productId, quantity } of lines) {
          const level = levels.get(productId)!;
          level.commit(quantity);
          await this.levels.save(level);
        }
      }
      await this.reservations.save(reservation);
    });
  }
}
