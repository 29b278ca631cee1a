import type { Clock, Sealed, Transactions } from '@ashlar/domain';
import type { ShipmentRepository } from '../../domain/repositories/shipment.repository.interface.ts';
import type { BookingOutcome, Carrier } from '../ports/carrier.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

/**
 * The job that asks the carrier: it is tried until the carrier has answered, or nobody wants the booking any more.
 * Then it takes back what it, or an earlier try of it that was cut off, may have booked: the cancellation may have
 * come too early.
 */
export class BookCarrierUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly shipments: ShipmentRepository,
    private readonly carrier: Carrier,
    private readonly world: { readonly clock: Clock; readonly personalData: PersonalData },
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    const before = await this.shipments.findOf(orderId);
    if (before?.isRequested && before.state.address) {
      await this.#record(orderId, await this.#ask(orderId, before.state.address));
    }
    const after = await this.shipments.findOf(orderId);
    if (after?.state.status === 'cancelled') await this.carrier.cancel(orderId);
  }

  /** Nothing goes to who has left; an earlier try may have booked it while they were there. */
  async #ask(orderId: string, sealed: Sealed): Promise<BookingOutcome> {
    const address = await this.world.personalData.open(sealed);
    if (address) return this.carrier.book(orderId, address);
    await this.carrier.cancel(orderId);
    return { type: 'unserviceable' };
  }

  async #record(orderId: string, outcome: BookingOutcome): Promise<void> {
    await this.transactions.transaction(async () => {
      const shipment = await this.shipments.findOf(orderId);
      if (!shipment?.isRequested) return;
      if (outcome.type === 'booked') shipment.schedule(outcome, this.world.clock.now());
      else shipment.refuse();
      await this.shipments.save(shipment);
    });
  }
}
