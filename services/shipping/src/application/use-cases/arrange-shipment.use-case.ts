import type { Ids, Sealed, Transactions } from '@ashlar/domain';
import { type SagaStyle, Shipment } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { CarrierJobs } from '../ports/carrier-jobs.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

export interface ArrangeShipment {
  readonly orderId: string;
  readonly userId: string;
  readonly address?: Sealed | undefined;
  readonly saga: SagaStyle;
}

/**
 * Takes the request down, and leaves the carrier to a durable job: no transaction ever waits for the outside world.
 * Where it is not told where the parcel goes, it asks first; nothing goes to who has left.
 */
export class ArrangeShipmentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly world: { readonly jobs: CarrierJobs; readonly ids: Ids },
    private readonly personalData: PersonalData,
  ) {}

  async execute({ orderId, userId, address, saga }: ArrangeShipment): Promise<void> {
    await this.transactions.transaction(async () => {
      const found = await this.shipments.findOf(orderId);
      const shipment = found ?? Shipment.for({ shipmentId: this.world.ids.next(), orderId }, saga);
      if (shipment.isOpen) {
        await this.#request(shipment, userId, address);
      } else {
        shipment.answer();
      }
      await this.shipments.save(shipment);
    });
  }

  async #request(shipment: Shipment, userId: string, address: Sealed | undefined): Promise<void> {
    shipment.request(userId, address);
    const publicKey = shipment.needsAddress ? await this.personalData.publicKey(userId) : undefined;
    if (publicKey !== undefined) shipment.askForAddress(publicKey);
    else if (await this.personalData.isErased(userId)) shipment.refuse();
    else await this.world.jobs.book(shipment.state.orderId);
  }
}
