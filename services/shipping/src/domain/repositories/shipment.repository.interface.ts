import type { Shipment } from '../entities/shipment.entity.ts';

export interface ShipmentRepository {
  find(shipmentId: string): Promise<Shipment | undefined>;
  findOf(orderId: string): Promise<Shipment | undefined>;
  /** Loads several into the transaction at once. */
  prefetch(orderIds: readonly string[]): Promise<readonly Shipment[]>;
  /** Whether the parcel is ready, and only its order is not confirmed: as it is committed by now. */
  awaitsConfirmation(shipmentId: string): Promise<boolean>;
  /** Orders of this user whose shipments are requested, and not answered. */
  requestsOf(userId: string): Promise<string[]>;

  /** Stores the shipment and what it has to tell others in one transaction. */
  save(shipment: Shipment): Promise<void>;
}
