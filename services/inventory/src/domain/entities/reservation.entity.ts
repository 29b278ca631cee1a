import { InventoryError } from '../errors/inventory.errors.ts';
import type { ReservationEvent } from '../events/reservation.events.ts';

export type SagaStyle = 'orchestration' | 'choreography';

export interface Line {
  readonly productId: string;
  readonly quantity: number;
}

/**
 * `expected`: the order is known and its turn has not come; `triggered`: its turn has come before it was known (two
 * sources, no order between them). The others are outcomes, kept for ever: whoever asks again gets the same answer.
 */
export type ReservationStatus = 'expected' | 'triggered' | 'reserved' | 'rejected' | 'released' | 'committed';

export interface ReservationState {
  readonly orderId: string;
  readonly status: ReservationStatus;
  readonly lines: readonly Line[];
  readonly saga: SagaStyle;
  readonly version: number;
}

/** The stock of one order. */
export class Reservation {
  readonly #events: ReservationEvent[] = [];

  private constructor(private current: ReservationState) {}

  static for(orderId: string, saga: SagaStyle): Reservation {
    return new Reservation({ orderId, saga, status: 'expected', lines: [], version: 0 });
  }

  static restore(state: ReservationState): Reservation {
    return new Reservation(state);
  }

  get state(): ReservationState {
    return this.current;
  }

  get isOpen(): boolean {
    return this.current.status === 'expected' || this.current.status === 'triggered';
  }

  get isTriggered(): boolean {
    return this.current.status === 'triggered';
  }

  /** The order is known now. */
  expect(lines: readonly Line[]): void {
    this.#become({ lines });
  }

  /** The order's turn has come. */
  trigger(): void {
    this.#become({ status: 'triggered' });
  }

  reserved(lines: readonly Line[]): void {
    this.#become({ status: 'reserved', lines });
    this.answer();
  }

  rejected(): void {
    this.#become({ status: 'rejected' });
    this.answer();
  }

  /** Also for an order that is not known: a later request to reserve finds it, and is refused. */
  release(): void {
    if (this.current.status === 'committed') throw InventoryError.notReserved(this.current.orderId);
    this.#become({ status: 'released' });
    this.#events.push({ type: 'StockReleased', orderId: this.current.orderId });
  }

  commit(): void {
    const { orderId, status } = this.current;
    if (status !== 'reserved' && status !== 'committed') throw InventoryError.notReserved(orderId);
    this.#become({ status: 'committed' });
    this.#events.push({ type: 'StockCommitted', orderId });
  }

  /** The answer to a request to reserve, once its outcome is known: the same each time. */
  answer(): void {
    const { orderId, saga, status } = this.current;
    const reserved = status === 'reserved' || status === 'committed';
    this.#events.push({ type: reserved ? 'StockReserved' : 'StockRejected', orderId, saga });
  }

  /** The events since it was loaded, handed over once. */
  takeEvents(): ReservationEvent[] {
    return this.#events.splice(0);
  }

  #become(change: Partial<ReservationState>): void {
    this.current = { ...this.current, ...change };
  }
}
