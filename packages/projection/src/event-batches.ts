import type { EventStore, StoredEvent } from '@ashlar/event-store';
import { describe } from '@ashlar/messaging';
import { isRetryable, isUnreachable, UnknownCommitError } from '@ashlar/postgres';

/** An event that a read model cannot take in, with the reason. */
export class PoisonEventError extends Error {
  override readonly name = 'PoisonEventError';

  constructor(event: StoredEvent, cause: unknown) {
    super(`${describe(cause)} (event ${event.position}, ${event.type} of ${event.stream})`, { cause });
  }
}

export const reasonOf = (error: unknown): string =>
  error instanceof PoisonEventError ? error.message : describe(error);

/** Whether the error is to be blamed on the events, and not on a race or on the database. */
const isOfTheEvents = (error: unknown): boolean =>
  !isRetryable(error) && !isUnreachable(error) && !(error instanceof UnknownCommitError);

export interface Batch {
  readonly after: number;
  /** Nothing beyond it; the read model has come as far before. */
  readonly upTo?: number;
  readonly take: (events: readonly StoredEvent[]) => Promise<void>;
}

/**
 * Hands over events batch by batch. Where a batch fails, or cannot be read, smaller ones are tried until the one event
 * is found that is to blame; all before it are taken in.
 */
export class EventBatches {
  #size: number;

  constructor(
    private readonly store: EventStore,
    private readonly largest: number,
  ) {
    this.#size = largest;
  }

  /**
   * Answers how many events it has handed over; none where there is nothing to read. Throws PoisonEventError, and what
   * keeps an event from being read.
   */
  async next({ after, upTo, take }: Batch): Promise<number> {
    for (;;) {
      const events = await this.#read({ after, ...(upTo !== undefined && { upTo }) });
      if (events.length === 0) return 0;
      try {
        await take(events);
        this.#size = Math.min(this.#size * 2, this.largest);
        return events.length;
      } catch (error) {
        if (!isOfTheEvents(error)) throw error;
        if (events.length === 1) throw new PoisonEventError(events[0]!, error);
        this.#size = Math.ceil(events.length / 2);
      }
    }
  }

  /** As many as can be read together: one that nobody can read is no reason to leave out those before it. */
  async #read(from: Pick<Batch, 'after' | 'upTo'>): Promise<StoredEvent[]> {
    for (;;) {
      try {
        return await this.store.readAll({ ...from, limit: this.#size });
      } catch (error) {
        if (!isOfTheEvents(error) || this.#size === 1) throw error;
        this.#size = Math.ceil(this.#size / 2);
      }
    }
  }
}
