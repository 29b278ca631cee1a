import type { Clock, Transactions } from '@ashlar/domain';
import type { Shipment, ShipmentStatus } from '../../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { BookingOutcome, Carrier } from '../ports/carrier.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

/**
 * The job that asks the carrier: it is tried until the carrier has answered, or nobody wants the booking any more.
 * Then it takes back what it, or an earlier try of it that was cut off, may have booked: the cancellation may have
 * come too early. One that comes later tells the carrier by a job of its own.
 */
export class BookCarrierUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly carrier: Carrier,
    private readonly world: { readonly clock: Clock; readonly personalData: PersonalData },
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    const shipment = await this.shipments.findOf(orderId);
    if (shipment && (await this.#book(shipment)) === 'cancelled') await this.carrier.cancel(orderId);
  }

  async #book(shipment: Shipment): Promise<ShipmentStatus | undefined> {
    const { address, status } = shipment.state;
    return shipment.isRequested && address ? this.#record(shipment, await this.#ask(shipment)) : status;
  }

  /** Nothing goes to who has left; an earlier try may have booked it while they were there. */
  async #ask({ state: { orderId, address: sealed } }: Shipment): Promise<BookingOutcome> {
    const address = sealed && (await this.world.personalData.open(sealed));
    if (address) return this.carrier.book(orderId, address);
    await this.carrier.cancel(orderId);
    return { type: 'unserviceable' };
  }

  /**
   * Writes down what the carrier has answered, upon what was read before it was asked; read again only where somebody
   * has changed that meanwhile. Answers the status that it has in the end.
   */
  async #record(before: Shipment, outcome: BookingOutcome): Promise<ShipmentStatus | undefined> {
    let unchanged: Shipment | undefined = before;
    return this.transactions.transaction(async () => {
      const shipment = unchanged ?? (await this.shipments.findOf(before.state.orderId));
      unchanged = undefined;
      if (!shipment?.isRequested) return shipment?.state.status;
      if (outcome.type === 'booked') shipment.schedule(outcome, this.world.clock.now());
      else shipment.refuse();
      await this.shipments.save(shipment);
      return shipment.state.status;
    });
  }
}
