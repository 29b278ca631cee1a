import type { Ids, Transactions } from '@ashlar/domain';
import { type Address, type SagaStyle, Shipment } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { CarrierJobs } from '../ports/carrier-jobs.interface.ts';

export interface ArrangeShipment {
  readonly orderId: string;
  readonly userId: string;
  readonly address: Address;
  readonly saga: SagaStyle;
}

/** Takes the request down, and leaves the carrier to a durable job: no transaction ever waits for the outside world. */
export class ArrangeShipmentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly jobs: CarrierJobs,
    private readonly ids: Ids,
  ) {}

  async execute({ orderId, userId, address, saga }: ArrangeShipment): Promise<void> {
    await this.transactions.transaction(async () => {
      const found = await this.shipments.findOf(orderId);
      const shipment = found ?? Shipment.for({ shipmentId: this.ids.next(), orderId }, saga);
      if (shipment.isOpen) {
        shipment.request(userId, address);
        if (await this.shipments.userHasLeft(userId)) shipment.erasePersonalData();
        await this.jobs.book(orderId);
      } else {
        shipment.answer();
      }
      await this.shipments.save(shipment);
    });
  }
}
