import type { Clock, Timers, Transactions } from '@ashlar/domain';
import type { Shipment } from '../../domain/entities/shipment.entity.ts';
import { ShipmentError } from '../../domain/errors/shipment.errors.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { ShipmentResponseDTO } from '../dtos/shipment.dto.ts';
import type { ShipmentMapper } from '../mappers/shipment.mapper.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

/** The confirmation of an order is on its way for a moment after the customer has seen it. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 20;

/** An administrator says that a parcel has left, or has arrived. */
export class MoveShipmentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly world: { readonly clock: Clock; readonly timers: Timers },
    private readonly view: { readonly mapper: ShipmentMapper; readonly personalData: PersonalData },
  ) {}

  async execute(shipmentId: string, move: 'dispatch' | 'deliver'): Promise<ShipmentResponseDTO> {
    return this.transactions.transaction(async () => {
      const shipment = await this.#find(shipmentId);
      shipment[move](this.world.clock.now());
      await this.shipments.save(shipment);
      const { mapper, personalData } = this.view;
      const { address } = shipment.state;
      return mapper.toResponseDTO(shipment, address && (await personalData.open(address)));
    });
  }

  /** To be called before the transaction: it may take two seconds, in which others need the connection. */
  async awaitConfirmation(shipmentId: string): Promise<void> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_AGAIN_MS) {
      if (!(await this.shipments.awaitsConfirmation(shipmentId))) return;
      await new Promise<void>((resolve) => this.world.timers.once(LOOK_AGAIN_MS, resolve));
    }
  }

  async #find(shipmentId: string): Promise<Shipment> {
    const shipment = await this.shipments.find(shipmentId);
    if (!shipment) throw ShipmentError.notFound(shipmentId);
    return shipment;
  }
}
