import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

export interface ForeseenShipments {
  readonly orderIds: readonly string[];
  /** Whose parcels are asked for, where that is told; others are known from the shipments. */
  readonly userIds: readonly string[];
}

/** Loads what the next orders are about into the transaction at once: shipments, and whether their users are there. */
export class PrefetchShipmentsUseCase {
  constructor(
    private readonly shipments: ShipmentRepository,
    private readonly personalData: PersonalData,
  ) {}

  async execute({ orderIds, userIds }: ForeseenShipments): Promise<void> {
    const [shipments] = await Promise.all([this.shipments.prefetch(orderIds), this.personalData.prefetch(userIds)]);
    await this.personalData.prefetch(shipments.flatMap(({ isOpen, state }) => (isOpen && state.userId) || []));
  }
}
