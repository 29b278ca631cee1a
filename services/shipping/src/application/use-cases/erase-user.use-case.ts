import type { Transactions } from '@ashlar/domain';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

/**
 * A user has gone: the shipments stay, and nobody can tell any more where they went. One that still waits to be told
 * waits in vain, and is refused; one whose carrier is being asked, by the job that asks.
 */
export class EraseUserUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly personalData: PersonalData,
  ) {}

  async execute({ userId }: { userId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      await this.personalData.erase(userId);
      for (const orderId of await this.shipments.requestsOf(userId)) {
        const shipment = await this.shipments.findOf(orderId);
        if (!shipment?.isRequested || !shipment.needsAddress) continue;
        shipment.refuse();
        await this.shipments.save(shipment);
      }
    });
  }
}
