import { strictEqual } from 'node:assert/strict';
import type { Clock, Sealed, Timers, Transactions } from '@ashlar/domain';
import { type Address, Shipment, type ShipmentState } from '../domain/entities/shipment.entity.ts';
import type { ShipmentEvent } from '../domain/events/shipment.events.ts';
import type { ShipmentRepository } from '../domain/repositories/shipment.repository.interface.ts';
import { ShipmentMapper } from './mappers/shipment.mapper.ts';
import type { BookingOutcome, Carrier } from './ports/carrier.interface.ts';
import type { CarrierJobs } from './ports/carrier-jobs.interface.ts';
import type { PersonalData } from './ports/personal-data.interface.ts';
import { ArrangeShipmentUseCase } from './use-cases/arrange-shipment.use-case.ts';
import { BookCarrierUseCase } from './use-cases/book-carrier.use-case.ts';
import { CancelShipmentUseCase } from './use-cases/cancel-shipment.use-case.ts';
import { EraseUserUseCase } from './use-cases/erase-user.use-case.ts';
import { ExpectOrderUseCase } from './use-cases/expect-order.use-case.ts';
import { FollowOrderUseCase } from './use-cases/follow-order.use-case.ts';
import { LearnAddressUseCase } from './use-cases/learn-address.use-case.ts';
import { MoveShipmentUseCase } from './use-cases/move-shipment.use-case.ts';
import { ViewShipmentUseCase } from './use-cases/view-shipment.use-case.ts';

export const noon = new Date('2026-01-01T12:00:00Z');
export const home: Address = { name: 'Ada', line1: '1 Lane', city: 'Freiburg', postalCode: '79098', country: 'DE' };
/** Nobody in these tests looks inside. */
export const address: Sealed = { of: 'u1', as: 'address', sealed: JSON.stringify(home) };
export const booked: BookingOutcome = { type: 'booked', carrier: 'Express', trackingNumber: 'T1' };

/** Somebody else has changed it since it was read. */
const RACE = new Error('The shipment has another version.');

/** The shipping department in memory: its shipments, the jobs that it has left, and what it has told others. */
export class DispatchDesk implements Transactions {
  #shipments = new Map<string, ShipmentState>();
  #events: ShipmentEvent[] = [];
  #ids = 0;
  readonly clock: Clock = { now: () => noon };
  readonly ids = { next: () => `s${++this.#ids}` };
  /** `book o1` */
  readonly jobsLeft: string[] = [];
  /** Ids of the users who have left. */
  readonly gone = new Set<string>();
  /** How often the carrier was asked. */
  asked = 0;
  /** The orders whose bookings the carrier was told to forget, by the booking job itself. */
  readonly cancelledBookings: string[] = [];
  /** What happens before a waiting desk looks again. */
  onWait: () => Promise<void> = async () => {};
  waits = 0;

  /** All or nothing, like the database; and once more where somebody else was faster. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const [shipments, events] = [new Map(this.#shipments), [...this.#events]];
    try {
      return await work();
    } catch (error) {
      this.#shipments = shipments;
      this.#events = events;
      if (error === RACE) return this.transaction(work);
      throw error;
    }
  }

  readonly shipments: ShipmentRepository = {
    find: async (shipmentId) => {
      const state = [...this.#shipments.values()].find((one) => one.shipmentId === shipmentId);
      return state && Shipment.restore(state);
    },
    findOf: async (orderId) => {
      const state = this.#shipments.get(orderId);
      return state && Shipment.restore(state);
    },
    prefetch: async () => [],
    awaitsConfirmation: async (shipmentId) => {
      const state = (await this.shipments.find(shipmentId))?.state;
      return state?.status === 'scheduled' && !state.confirmed;
    },
    requestsOf: async (userId) => {
      const own = [...this.#shipments.values()].filter((one) => one.userId === userId && one.status === 'requested');
      return own.map(({ orderId }) => orderId);
    },
    save: async (shipment) => {
      const { state } = shipment;
      if ((this.#shipments.get(state.orderId)?.version ?? 0) !== state.version) throw RACE;
      this.#shipments.set(state.orderId, { ...state, version: state.version + 1 });
      this.#events.push(...shipment.takeEvents());
    },
  };

  readonly personalData: PersonalData = {
    publicKey: async (userId) => (this.gone.has(userId) ? undefined : `key of ${userId}`),
    isErased: async (userId) => this.gone.has(userId),
    prefetch: async () => {},
    open: async ({ of, sealed }) => (this.gone.has(of) ? undefined : (JSON.parse(sealed) as Address)),
    erase: async (userId) => void this.gone.add(userId),
  };

  readonly jobs: CarrierJobs = {
    book: async (orderId) => void this.jobsLeft.push(`book ${orderId}`),
    cancel: async (orderId) => void this.jobsLeft.push(`cancel ${orderId}`),
  };

  readonly timers: Timers = {
    once: (_ms, work) => {
      this.waits += 1;
      void this.onWait().then(work);
      return () => {};
    },
    every: () => () => {},
  };

  readonly arrange = new ArrangeShipmentUseCase(this, this.shipments, this, this.personalData);
  readonly expect = new ExpectOrderUseCase(this, this.shipments, this.arrange, this);
  readonly learn = new LearnAddressUseCase(this, this.shipments, this.jobs);
  readonly cancel = new CancelShipmentUseCase(this, this.shipments, this.jobs, this);
  readonly follow = new FollowOrderUseCase(this, this.shipments);
  readonly move = new MoveShipmentUseCase(this, this.shipments, this, {
    mapper: new ShipmentMapper(),
    personalData: this.personalData,
  });
  readonly view = new ViewShipmentUseCase(this.shipments, this.personalData, new ShipmentMapper());
  readonly erase = new EraseUserUseCase(this, this.shipments, this.personalData);

  /** The job that books: the carrier answers so, or throws. */
  async book(orderId: string, answer: (() => Promise<BookingOutcome>) | BookingOutcome = booked): Promise<void> {
    const carrier: Carrier = {
      book: async (_orderId, { city }) => {
        strictEqual(city, home.city);
        this.asked += 1;
        return typeof answer === 'function' ? answer() : answer;
      },
      cancel: async (cancelled) => void this.cancelledBookings.push(cancelled),
    };
    await new BookCarrierUseCase(this, this.shipments, carrier, this).execute({ orderId });
  }

  async state(orderId: string): Promise<ShipmentState | undefined> {
    return this.#shipments.get(orderId);
  }

  /** The names of what it has told others, in order. */
  get said(): string[] {
    return this.#events.map(({ type }) => type);
  }

  get events(): readonly ShipmentEvent[] {
    return this.#events;
  }
}
