import {
  MemoryStates,
  type SimulatedDefinition,
  type SimulatedPlatform,
  simulatedVault,
  unique,
} from '@ashlar/simulation';
import type { BookingOutcome, Carrier } from '../application/ports/carrier.interface.ts';
import type { ShippingApplication } from '../application/shipping.application.ts';
import { type Address, Shipment, type ShipmentState } from '../domain/entities/shipment.entity.ts';
import type { ShipmentRepository } from '../domain/repositories/shipment.repository.interface.ts';
import { QueuedCarrierJobs } from '../infrastructure/external-api/carrier-jobs.impl.ts';
import { toMessage } from '../infrastructure/repositories/shipment.message-mapper.ts';
import { createShippingService } from './composition-root.ts';

export type { ShippingApplication };

export const SHIPMENTS = 'shipments';
export type StoredShipment = Omit<ShipmentState, 'orderId' | 'version'>;

export class MemoryShipmentRepository implements ShipmentRepository {
  readonly #shipments: MemoryStates<StoredShipment>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#shipments = new MemoryStates(work, stored.table<StoredShipment>(SHIPMENTS), {
      name: 'The shipment',
      constraints: [unique<StoredShipment>('shipments_shipment_id_key', ({ state }) => state.shipmentId)],
    });
  }

  async find(shipmentId: string): Promise<Shipment | undefined> {
    const found = await this.#first(({ state }) => state.shipmentId === shipmentId);
    return found === undefined ? undefined : this.findOf(found);
  }

  async findOf(orderId: string): Promise<Shipment | undefined> {
    return (await this.prefetch([orderId]))[0];
  }

  async prefetch(orderIds: readonly string[]): Promise<readonly Shipment[]> {
    const found = await this.#shipments.findMany(orderIds);
    return [...found].map(([orderId, { version, state }]) => Shipment.restore({ orderId, version, ...state }));
  }

  async awaitsConfirmation(shipmentId: string): Promise<boolean> {
    const isWaiting = ({ state }: { state: StoredShipment }) =>
      state.shipmentId === shipmentId && state.status === 'scheduled' && !state.confirmed;
    return (await this.#first(isWaiting)) !== undefined;
  }

  async requestsOf(userId: string): Promise<string[]> {
    const isMeant = ({ state }: { state: StoredShipment }) => state.userId === userId && state.status === 'requested';
    return (await this.#shipments.select('looks for shipments', isMeant)).map(({ id }) => id);
  }

  async save(shipment: Shipment): Promise<void> {
    const { orderId, version, ...state } = shipment.state;
    await this.platform.work.transaction(async () => {
      await this.#shipments.save({ id: orderId, version, state });
      await this.platform.outbox.add(shipment.takeEvents().map(toMessage));
    });
  }

  async #first(isWanted: (one: { id: string; state: StoredShipment }) => boolean): Promise<string | undefined> {
    const all = this.platform.stored.table<StoredShipment>(SHIPMENTS);
    return this.platform.work.read('looks for a shipment', () => [...all.values()].find(isWanted)?.id);
  }
}

/** What the world outside has booked, by order, whatever became of its answers. */
export type Bookings = Map<string, 'booked' | 'cancelled'>;

/** One that keeps no word of a cancellation for something that it does not know. */
class SimulatedCarrier implements Carrier {
  constructor(
    private readonly platform: SimulatedPlatform,
    private readonly bookings: Bookings,
  ) {}

  async book(orderId: string, { country }: Address): Promise<BookingOutcome> {
    return this.platform.outside('books a parcel', (): BookingOutcome => {
      if (country === 'AQ') return { type: 'unserviceable' };
      this.bookings.set(orderId, 'booked');
      return { type: 'booked', carrier: 'Express', trackingNumber: `T-${orderId}` };
    });
  }

  async cancel(orderId: string): Promise<void> {
    await this.platform.outside('cancels a booking', () => {
      if (this.bookings.has(orderId)) this.bookings.set(orderId, 'cancelled');
    });
  }
}

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedShippingService = (bookings: Bookings): SimulatedDefinition<ShippingApplication> => ({
  name: 'shipping',
  create: (platform) => {
    const { work, clock, ids, timers, jobs } = platform;
    const { application, consumers } = createShippingService({
      transactions: work,
      shipments: new MemoryShipmentRepository(platform),
      vault: simulatedVault(platform),
      sealStored: async () => {},
      carrier: new SimulatedCarrier(platform, bookings),
      clock,
      ids,
      timers,
      carrierJobs: ({ book, cancel }) =>
        new QueuedCarrierJobs({
          bookings: jobs.queue({ name: 'book-carrier' }, book),
          cancellations: jobs.queue({ name: 'cancel-bookings' }, cancel),
        }),
      breakers: () => [],
      close: async () => {},
    });
    return { app: application, consumers };
  },
});
