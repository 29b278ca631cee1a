import type { Transactions } from '@ashlar/domain';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';

/** The order is confirmed: its parcel may leave. */
export class ConfirmShipmentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const shipment = await this.shipments.findOf(orderId);
      if (!shipment || shipment.state.confirmed) return;
      shipment.confirm();
      await this.shipments.save(shipment);
    });
  }
}
