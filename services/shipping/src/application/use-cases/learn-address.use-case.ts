import type { Sealed, Transactions } from '@ashlar/domain';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { CarrierJobs } from '../ports/carrier-jobs.interface.ts';

/** The answer to what was asked: a shipment whose turn has come is booked now. Told again it changes nothing. */
export class LearnAddressUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly jobs: CarrierJobs,
  ) {}

  async execute({ orderId, address }: { orderId: string; address: Sealed }): Promise<void> {
    await this.transactions.transaction(async () => {
      const shipment = await this.shipments.findOf(orderId);
      if (!shipment?.needsAddress) return;
      shipment.learnAddress(address);
      if (shipment.isRequested) await this.jobs.book(orderId);
      await this.shipments.save(shipment);
    });
  }
}
