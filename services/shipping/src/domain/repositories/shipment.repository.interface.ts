import type { Shipment } from '../entities/shipment.entity.ts';

export interface ShipmentRepository {
  find(shipmentId: string): Promise<Shipment | undefined>;
  findOf(orderId: string): Promise<Shipment | undefined>;
  /** Loads several into the transaction at once. */
  prefetch(orderIds: readonly string[]): Promise<void>;
  /** Whether the parcel is ready, and only its order is not confirmed: as it is committed by now. */
  awaitsConfirmation(shipmentId: string): Promise<boolean>;
  /** Orders whose shipments hold personal data of this user. */
  ordersOf(userId: string): Promise<string[]>;

  /** From now on the user has gone: whoever is arranging a shipment of theirs just now is waited for. */
  userLeaves(userId: string): Promise<void>;
  /** Whether the user has gone; it stays so, or not, until the end of the transaction. */
  userHasLeft(userId: string): Promise<boolean>;

  /** Stores the shipment and what it has to tell others in one transaction. */
  save(shipment: Shipment): Promise<void>;
}
