import type { Timers } from '@ashlar/domain';
import type { OrderChanges } from '../../application/ports/order-changes.interface.ts';

/** Another replica may have changed the order: then it is seen this late. */
const AT_LATEST_MS = 1_000;

/** Changes made by this process are told at once, those of others by looking again. */
export class InProcessOrderChanges implements OrderChanges {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(private readonly timers: Timers) {}

  changed(orderId: string): void {
    const waiting = this.#waiting.get(orderId);
    this.#waiting.delete(orderId);
    for (const wake of waiting ?? []) wake();
  }

  next(orderId: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, waiting.add(resolve));
    const stop = this.timers.once(AT_LATEST_MS, resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    return promise.finally(() => {
      stop();
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(orderId) === waiting) this.#waiting.delete(orderId);
    });
  }
}
