import type { Transactions } from '@ashlar/domain';
import { Reservation } from '../../domain/entities/reservation.entity.ts';
import type { ReservationRepository } from '../../domain/repositories/reservation.repository.interface.ts';
import type { ReserveStockUseCase } from './reserve-stock.use-case.ts';

/** Choreography: the payment is reserved, so it is the stock's turn, if the order is known already. */
export class ReserveExpectedStockUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly reservations: ReservationRepository,
    private readonly reserveStock: ReserveStockUseCase,
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const reservation = (await this.reservations.find(orderId)) ?? Reservation.for(orderId, 'choreography');
      const { lines } = reservation.state;
      if (lines.length > 0 || !reservation.isOpen) {
        return this.reserveStock.execute({ orderId, lines, saga: 'choreography' });
      }
      reservation.trigger();
      await this.reservations.save(reservation);
    });
  }
}
