import type { Reservation } from '../entities/reservation.entity.ts';

export interface ReservationRepository {
  find(orderId: string): Promise<Reservation | undefined>;
  /** Loads several into the transaction at once. */
  prefetch(orderIds: readonly string[]): Promise<void>;

  /** Stores the reservation and what it has to tell others in one transaction. */
  save(reservation: Reservation): Promise<void>;
}
