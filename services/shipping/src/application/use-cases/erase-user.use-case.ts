import type { Transactions } from '@ashlar/domain';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';

/**
 * A user has gone: the shipments stay, without name and address. One that is still being booked keeps them until it is,
 * and so does one that is asked for later.
 */
export class EraseUserUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
  ) {}

  async execute({ userId }: { userId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      await this.shipments.userLeaves(userId);
      for (const orderId of await this.shipments.ordersOf(userId)) {
        const shipment = await this.shipments.findOf(orderId);
        if (!shipment) continue;
        shipment.erasePersonalData();
        await this.shipments.save(shipment);
      }
    });
  }
}
