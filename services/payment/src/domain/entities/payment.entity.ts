import { AccountError } from '../errors/account.errors.ts';
import type { PaymentEvent } from '../events/payment.events.ts';

export type SagaStyle = 'orchestration' | 'choreography';

/** Outcomes are kept for ever: whoever asks again gets the same answer. */
export type PaymentStatus = 'new' | 'reserved' | 'declined' | 'released' | 'captured';

export interface PaymentState {
  readonly orderId: string;
  readonly status: PaymentStatus;
  readonly saga: SagaStyle;
  readonly accountId?: string;
  readonly version: number;
}

/** The payment of one order. */
export class Payment {
  readonly #events: PaymentEvent[] = [];

  private constructor(private current: PaymentState) {}

  static for(orderId: string, saga: SagaStyle): Payment {
    return new Payment({ orderId, saga, status: 'new', version: 0 });
  }

  static restore(state: PaymentState): Payment {
    return new Payment(state);
  }

  get state(): PaymentState {
    return this.current;
  }

  reserve(accountId: string): void {
    this.#become({ status: 'reserved', accountId });
  }

  decline(): void {
    this.#become({ status: 'declined' });
  }

  /** Also for an order that is not known: a later request to reserve finds it, and is refused. */
  release(): void {
    if (this.current.status === 'captured') throw AccountError.captured(this.current.orderId);
    this.#become({ status: 'released' });
    this.#events.push({ type: 'PaymentReleased', orderId: this.current.orderId });
  }

  capture(): void {
    this.#become({ status: 'captured' });
  }

  /** The answer to a request to reserve: the same each time. */
  answerReservation(): void {
    const { status } = this.current;
    this.#say(status === 'reserved' || status === 'captured' ? 'PaymentReserved' : 'PaymentDeclined');
  }

  /** The answer to a request to capture: the same each time. A choreography is told of the release as well. */
  answerCapture(): void {
    const { status, saga } = this.current;
    this.#say(status === 'captured' ? 'PaymentCaptured' : 'CaptureFailed');
    if (status !== 'captured' && saga === 'choreography') this.release();
  }

  /** The events since it was loaded, handed over once. */
  takeEvents(): PaymentEvent[] {
    return this.#events.splice(0);
  }

  #say(type: 'PaymentReserved' | 'PaymentDeclined' | 'PaymentCaptured' | 'CaptureFailed'): void {
    const { orderId, saga } = this.current;
    this.#events.push({ type, orderId, saga });
  }

  #become(change: Partial<PaymentState>): void {
    this.current = { ...this.current, ...change };
  }
}
