import type { Transactions } from '@ashlar/domain';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';

/** The order has come to nothing before its shipment was asked for: what was expected is forgotten. */
export class AbandonShipmentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const shipment = await this.shipments.findOf(orderId);
      if (!shipment?.isOpen) return;
      shipment.abandon();
      await this.shipments.save(shipment);
    });
  }
}
