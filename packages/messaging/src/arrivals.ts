import type { Timers } from '@ashlar/domain';
import { type Delivery, isWithdrawn } from './bus.ts';

export interface ArrivalsOptions {
  readonly timers: Timers;
  /** Whether the message has to be handled now. */
  readonly isUrgent: (delivery: Delivery) => boolean;
  /** There is something to handle now. */
  readonly work: () => void;
}

const BATCH = 100;
/** How long messages that only move a mark may wait for others: a transaction of their own costs as much as any. */
const COMPANY_MS = 100;

/**
 * What a consumer has received and not handled yet, in the order of its arrival. A message without anything to do waits
 * for one that has, for a full batch, or for a moment.
 */
export class Arrivals {
  #queue: Delivery[] = [];
  #isDue = false;
  #waitsForCompany = false;

  constructor(private readonly options: ArrivalsOptions) {}

  get length(): number {
    return this.#queue.length;
  }

  /** Something is not to wait any longer. */
  get isDue(): boolean {
    return this.#isDue && this.#queue.length > 0;
  }

  receive(delivery: Delivery): void {
    if (this.#queue.length >= BATCH || this.options.isUrgent(delivery)) {
      this.add([delivery]);
      return;
    }
    this.#queue.push(delivery);
    if (this.#waitsForCompany) return;
    this.#waitsForCompany = true;
    this.options.timers.once(COMPANY_MS, () => {
      this.#waitsForCompany = false;
      this.add([]);
    });
  }

  /** To be handled now, with everything that waits. */
  add(deliveries: readonly Delivery[]): void {
    this.#queue.push(...deliveries);
    this.#isDue = true;
    this.options.work();
  }

  take(): Delivery[] {
    this.forgetWithdrawn();
    const batch = this.#queue.splice(0, BATCH);
    this.#isDue = this.#queue.length > 0;
    return batch;
  }

  /** What belongs to another replica now. */
  forgetWithdrawn(): void {
    if (this.#queue.some(isWithdrawn)) this.#queue = this.#queue.filter((delivery) => !isWithdrawn(delivery));
  }

  putBack(batch: readonly Delivery[]): void {
    this.#queue.unshift(...batch);
    this.#isDue = true;
  }
}
