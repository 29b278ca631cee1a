import type { Delivery } from './bus.ts';
import type { Inbox, Line } from './inbox.ts';

/** How far a consumer has come, for those who wait for it. */
export class Progress {
  /** Received, and not acknowledged yet. */
  readonly #open = new Set<Delivery>();
  #next = Promise.withResolvers<void>();
  #closed = false;
  #waiting = 0;

  constructor(private readonly inbox: Inbox) {}

  /** The delivery as the consumer is to acknowledge it. */
  received(delivery: Delivery): Delivery {
    const received = {
      ...delivery,
      ack: () => {
        this.#open.delete(received);
        delivery.ack();
      },
    };
    this.#open.add(received);
    return received;
  }

  /** Lets everybody look again. */
  moved(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }

  /** Whoever looks again from now on waits no longer. */
  close(): void {
    this.#closed = true;
  }

  /** Somebody waits for what comes in. */
  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  /** Resolves when everything that had been received by the time of the call is handled. */
  async settled(): Promise<void> {
    await this.#while(async () => {
      for (const delivery of [...this.#open]) {
        while (this.#open.has(delivery) && !this.#closed) await this.#next.promise;
      }
    });
  }

  /** Resolves when the line has been handled up to `sequence`, or nobody waits for it any more. */
  async reached(line: Pick<Line, 'channel' | 'key'>, sequence: number, signal?: AbortSignal): Promise<void> {
    await this.#while(async () => {
      while (!this.#closed && !signal?.aborted) {
        const next = this.#next.promise;
        if ((await this.inbox.read(line)) >= sequence) return;
        await next;
      }
    });
  }

  async #while(wait: () => Promise<void>): Promise<void> {
    this.#waiting++;
    try {
      await wait();
    } finally {
      this.#waiting--;
    }
  }
}
