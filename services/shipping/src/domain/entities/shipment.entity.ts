import type { Sealed } from '@ashlar/domain';
import { ShipmentError } from '../errors/shipment.errors.ts';
import type { ShipmentEvent } from '../events/shipment.events.ts';

export type SagaStyle = 'orchestration' | 'choreography';

/** Where a parcel goes: known to whoever may have it opened. */
export interface Address {
  readonly name: string;
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

/** How a shipment stands once there is one to see. */
export const PUBLIC_STATUSES = ['scheduled', 'dispatched', 'delivered', 'cancelled'] as const;
export type PublicStatus = (typeof PUBLIC_STATUSES)[number];

/**
 * `expected`: the order is known and its turn has not come; `triggered`: its turn has come before it was known;
 * `requested`: the carrier is being asked, once it is known where the parcel goes.
 */
export type ShipmentStatus = 'expected' | 'triggered' | 'requested' | 'refused' | PublicStatus;

export interface ShipmentState {
  readonly shipmentId: string;
  readonly orderId: string;
  readonly userId?: string | undefined;
  readonly saga: SagaStyle;
  readonly status: ShipmentStatus;
  /** Sealed for us by whoever told it. */
  readonly address?: Sealed | undefined;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  /** The order can no longer be cancelled: the parcel may leave. */
  readonly confirmed?: boolean;
  readonly timeline: readonly { readonly at: string; readonly type: string }[];
  readonly version: number;
}

const NEXT: Partial<Record<ShipmentStatus, ShipmentStatus>> = { scheduled: 'dispatched', dispatched: 'delivered' };

/** The shipment of one order, from the request to the door. */
export class Shipment {
  readonly #events: ShipmentEvent[] = [];

  private constructor(private current: ShipmentState) {}

  static for(ids: { shipmentId: string; orderId: string }, saga: SagaStyle): Shipment {
    return new Shipment({ ...ids, saga, status: 'expected', timeline: [], version: 0 });
  }

  static restore(state: ShipmentState): Shipment {
    return new Shipment(state);
  }

  get state(): ShipmentState {
    return this.current;
  }

  /** Undefined as long as there is nothing to see. */
  get publicStatus(): PublicStatus | undefined {
    return PUBLIC_STATUSES.find((status) => status === this.current.status);
  }

  get isOpen(): boolean {
    return this.current.status === 'expected' || this.current.status === 'triggered';
  }

  get isRequested(): boolean {
    return this.current.status === 'requested';
  }

  /** Somebody has to tell where the parcel goes. */
  get needsAddress(): boolean {
    return (this.isOpen || this.isRequested) && this.current.address === undefined;
  }

  /** It becomes known whose it is, and perhaps where it goes. */
  expect(userId: string, address: Sealed | undefined): void {
    this.#become({ userId, ...(address && { address }) });
  }

  /** What it says is sealed with this key, so that nobody else can read it. */
  askForAddress(publicKey: string): void {
    const { orderId, userId } = this.current;
    if (this.needsAddress && userId) this.#events.push({ type: 'AddressWanted', orderId, userId, publicKey });
  }

  learnAddress(address: Sealed): void {
    if (this.needsAddress) this.#become({ address });
  }

  trigger(): void {
    this.#become({ status: 'triggered' });
  }

  request(userId: string, address: Sealed | undefined): void {
    this.#become({ status: 'requested', userId, ...(address && { address }) });
  }

  /** The carrier has taken the booking. */
  schedule(booking: { carrier: string; trackingNumber: string }, at: Date): void {
    this.#become({ ...booking, status: 'scheduled' }, at);
    this.answer();
  }

  refuse(): void {
    this.#become({ status: 'refused' });
    this.answer();
  }

  /** The answer to a request, once its outcome is known: the same each time. */
  answer(): void {
    const { status, shipmentId, orderId, saga } = this.current;
    if (status === 'requested') return;
    const arranged = status === 'scheduled' || status === 'dispatched' || status === 'delivered';
    if (arranged) this.#events.push({ type: 'ShipmentArranged', shipmentId, orderId, saga });
    else this.#events.push({ type: 'ShipmentRefused', orderId, saga });
  }

  /** Also for an order that is not known: a later request finds it, and is refused. */
  cancel(at: Date): void {
    const { status, shipmentId, orderId } = this.current;
    if (status === 'dispatched' || status === 'delivered')
      throw ShipmentError.cannotBecome(shipmentId, status, 'cancelled');
    if (status !== 'cancelled') this.#become({ status: 'cancelled' }, at);
    this.#events.push({ type: 'ShipmentCancelled', orderId });
  }

  confirm(): void {
    this.#become({ confirmed: true });
  }

  /** The order has ended before its turn came: nobody needs to know where it would have gone. */
  abandon(): void {
    if (!this.isOpen) return;
    const { address: _, userId: __, ...state } = this.current;
    this.current = { ...state, status: 'cancelled' };
  }

  dispatch(at: Date): void {
    if (this.current.status === 'scheduled' && !this.current.confirmed)
      throw ShipmentError.notConfirmed(this.current.shipmentId);
    this.#move('dispatched', at);
    this.#events.push({ ...this.#ids(), type: 'ShipmentDispatched' });
  }

  deliver(at: Date): void {
    this.#move('delivered', at);
    this.#events.push({ ...this.#ids(), type: 'ShipmentDelivered' });
  }

  /** The events since it was loaded, handed over once. */
  takeEvents(): ShipmentEvent[] {
    return this.#events.splice(0);
  }

  #ids() {
    return { shipmentId: this.current.shipmentId, orderId: this.current.orderId };
  }

  #move(status: ShipmentStatus, at: Date): void {
    const { shipmentId, status: from } = this.current;
    if (NEXT[from] !== status) throw ShipmentError.cannotBecome(shipmentId, from, status);
    this.#become({ status }, at);
  }

  #become(change: Partial<ShipmentState>, at?: Date): void {
    const entry = at && change.status ? [{ at: at.toISOString(), type: change.status }] : [];
    this.current = { ...this.current, ...change, timeline: [...this.current.timeline, ...entry] };
  }
}
