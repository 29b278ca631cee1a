import type { Transactions } from '@ashlar/domain';
import type { Shipment } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';

export interface FollowedOrder {
  readonly orderId: string;
  readonly status: string;
}

/**
 * Once its order is confirmed a parcel may leave. Once it has come to nothing before its shipment was asked for, what
 * was expected is forgotten.
 */
export class FollowOrderUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
  ) {}

  async execute({ orderId, status }: FollowedOrder): Promise<void> {
    await this.transactions.transaction(async () => {
      const shipment = await this.shipments.findOf(orderId);
      if (!shipment || !isMoved(shipment, status)) return;
      await this.shipments.save(shipment);
    });
  }
}

function isMoved(shipment: Shipment, status: string): boolean {
  const isConfirmed = status === 'confirmed';
  if (isConfirmed ? shipment.state.confirmed : !shipment.isOpen) return false;
  if (isConfirmed) shipment.confirm();
  else shipment.abandon();
  return true;
}
