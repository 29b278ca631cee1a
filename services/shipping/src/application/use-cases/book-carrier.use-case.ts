import type { Clock, Transactions } from '@ashlar/domain';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { Carrier } from '../ports/carrier.interface.ts';
import type { CarrierJobs } from '../ports/carrier-jobs.interface.ts';

/** The job that asks the carrier: it is tried until the carrier has answered, or nobody wants the booking any more. */
export class BookCarrierUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly carrier: Carrier,
    private readonly world: { readonly clock: Clock; readonly jobs: CarrierJobs },
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    const { clock, jobs } = this.world;
    const before = await this.shipments.findOf(orderId);
    if (!before?.isRequested || !before.state.address) return;
    const outcome = await this.carrier.book(orderId, before.state.address);

    await this.transactions.transaction(async () => {
      const shipment = await this.shipments.findOf(orderId);
      if (!shipment?.isRequested) {
        if (shipment?.state.status === 'cancelled') await jobs.cancel(orderId);
        return;
      }
      if (outcome.type === 'booked') shipment.schedule(outcome, clock.now());
      else shipment.refuse();
      await this.shipments.save(shipment);
    });
  }
}
