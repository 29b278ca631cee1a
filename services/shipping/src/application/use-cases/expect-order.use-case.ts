import type { Ids, Sealed, Transactions } from '@ashlar/domain';
import { Shipment } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';
import type { ArrangeShipmentUseCase } from './arrange-shipment.use-case.ts';

export interface ExpectedOrder {
  readonly orderId: string;
  readonly userId: string;
  readonly address?: Sealed | undefined;
}

/**
 * Choreography: the order becomes known; its shipment is arranged once its stock is reserved, whichever is heard first.
 */
export class ExpectOrderUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly arrangeShipment: ArrangeShipmentUseCase,
    private readonly world: { readonly ids: Ids; readonly personalData: PersonalData },
  ) {}

  async execute({ orderId, userId, address }: ExpectedOrder): Promise<void> {
    await this.transactions.transaction(async () => {
      const shipment = (await this.shipments.findOf(orderId)) ?? this.#new(orderId);
      if (shipment.state.status === 'triggered') {
        return this.arrangeShipment.execute({ orderId, userId, address, saga: 'choreography' });
      }
      if (!shipment.isOpen) return;
      shipment.expect(userId, address);
      const publicKey = shipment.needsAddress ? await this.world.personalData.publicKey(userId) : undefined;
      if (publicKey !== undefined) shipment.askForAddress(publicKey);
      await this.shipments.save(shipment);
    });
  }

  /** The stock is reserved: it is the shipment's turn, if the order is known already. */
  async trigger({ orderId }: { orderId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const shipment = (await this.shipments.findOf(orderId)) ?? this.#new(orderId);
      const { userId, address } = shipment.state;
      if (shipment.isOpen && userId)
        return this.arrangeShipment.execute({ orderId, userId, address, saga: 'choreography' });
      if (shipment.isOpen) shipment.trigger();
      else shipment.answer();
      await this.shipments.save(shipment);
    });
  }

  #new(orderId: string): Shipment {
    return Shipment.for({ shipmentId: this.world.ids.next(), orderId }, 'choreography');
  }
}
