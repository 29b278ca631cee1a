import { OrderStatusChanged } from '@ashlar/contracts/order';
import type { Stop, Timers } from '@ashlar/domain';
import type { Data, Overhearing } from '@ashlar/messaging';
import type { OrderChanges, OrderWatch } from '../../application/ports/order-changes.interface.ts';

/** What nobody has told us of is seen this late. */
const AT_LATEST_MS = 1_000;

/** Told of changes by whoever commits them in this process, and by what the other replicas say of theirs on the bus. */
export class ToldOrderChanges implements OrderChanges {
  readonly #watches = new Map<string, Set<Watch>>();

  constructor(private readonly timers: Timers) {}

  /** The order has this status now. Being told the same twice wakes nobody twice. */
  tell(orderId: string, status: string): void {
    for (const watch of this.#watches.get(orderId) ?? []) watch.tell(status);
  }

  /** What is not heard is seen by looking again. */
  listenTo(news: Overhearing): Stop {
    return news.overhear([OrderStatusChanged.channel], ({ message }) => {
      if (message.type !== OrderStatusChanged.type) return;
      const { orderId, status } = message.data as Data<typeof OrderStatusChanged>;
      this.tell(orderId, status);
    });
  }

  watch(orderId: string): OrderWatch {
    const watches = this.#watches.get(orderId) ?? new Set();
    const watch = new Watch(this.timers, () => {
      watches.delete(watch);
      if (watches.size === 0) this.#watches.delete(orderId);
    });
    this.#watches.set(orderId, watches.add(watch));
    return watch;
  }
}

class Watch implements OrderWatch {
  #status: string | undefined;
  #hasChanged = false;
  #wake = () => {};

  constructor(
    private readonly timers: Timers,
    readonly end: () => void,
  ) {}

  tell(status: string): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#hasChanged = true;
    this.#wake();
  }

  async next(signal: AbortSignal): Promise<void> {
    if (!this.#hasChanged && !signal.aborted) await this.#told(signal);
    this.#hasChanged = false;
  }

  #told(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const stop = this.timers.once(AT_LATEST_MS, wake);
    signal.addEventListener('abort', wake);
    this.#wake = wake;
    return promise.finally(() => {
      stop();
      signal.removeEventListener('abort', wake);
    });
  }
}
