import type { Reservation } from '../entities/reservation.entity.ts';

export interface ReservationRepository {
  find(orderId: string): Promise<Reservation | undefined>;
  /** Loads several into the transaction at once; answers those that there are. */
  prefetch(orderIds: readonly string[]): Promise<readonly Reservation[]>;

  /** Stores the reservation and what it has to tell others in one transaction. */
  save(reservation: Reservation): Promise<void>;
}
