import type { Transactions } from '@ashlar/domain';
import { type Line, Reservation } from '../../domain/entities/reservation.entity.ts';
import type { ReservationRepository } from '../../domain/repositories/reservation.repository.interface.ts';
import type { ReserveStockUseCase } from './reserve-stock.use-case.ts';

/** Choreography: the order becomes known; its stock is reserved once its payment is, whichever is heard first. */
export class ExpectOrderUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly reservations: ReservationRepository,
    private readonly reserveStock: ReserveStockUseCase,
  ) {}

  async execute({ orderId, lines }: { orderId: string; lines: readonly Line[] }): Promise<void> {
    await this.transactions.transaction(async () => {
      const reservation = (await this.reservations.find(orderId)) ?? Reservation.for(orderId, 'choreography');
      if (reservation.isTriggered) return this.reserveStock.execute({ orderId, lines, saga: 'choreography' });
      if (!reservation.isOpen) return;
      reservation.expect(lines);
      await this.reservations.save(reservation);
    });
  }
}
