import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { Shipment } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { CarrierJobs } from '../ports/carrier-jobs.interface.ts';

const TOLD_TO_THE_CARRIER: readonly string[] = ['requested', 'scheduled'];

/** Cancelled is what shipping has recorded as such; the carrier is told by a job. For an unknown order: a tombstone. */
export class CancelShipmentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly jobs: CarrierJobs,
    private readonly world: { readonly clock: Clock; readonly ids: Ids },
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    const { clock, ids } = this.world;
    await this.transactions.transaction(async () => {
      const found = await this.shipments.findOf(orderId);
      const shipment = found ?? Shipment.for({ shipmentId: ids.next(), orderId }, 'orchestration');
      const mayBeBooked = TOLD_TO_THE_CARRIER.includes(shipment.state.status);
      shipment.cancel(clock.now());
      if (mayBeBooked) await this.jobs.cancel(orderId);
      await this.shipments.save(shipment);
    });
  }
}
