import { type Stop, systemTimers, type Timers } from '@ashlar/domain';
import type { EventStore, StoredEvent } from '@ashlar/event-store';
import type { Database } from '@ashlar/postgres';

export interface EventProjectionOptions {
  readonly db: Database;
  readonly store: EventStore;
  readonly name: string;
  /** Takes events into the read model, in position order, inside the transaction of the checkpoint. */
  readonly apply: (events: readonly StoredEvent[]) => Promise<void>;
  readonly batch?: number;
  readonly timers?: Timers;
  readonly onError?: (error: unknown) => void;
}

const LOOK_EVERY_MS = 100;

/**
 * A read model over an event store. Read model and checkpoint move in one transaction, and the checkpoint by compare
 * and set: of two projectors of one name, one of them frozen for a while, only one takes an event in.
 */
export class EventProjection {
  readonly #options: Required<EventProjectionOptions>;
  #stop: Stop = () => {};
  #working: Promise<number> = Promise.resolve(0);

  constructor(options: EventProjectionOptions) {
    this.#options = { batch: 1_000, timers: systemTimers, onError: () => {}, ...options };
  }

  start(): void {
    const { timers, onError } = this.#options;
    this.#stop = timers.every(LOOK_EVERY_MS, async () => void (await this.catchUp()), onError);
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.#working.catch(() => {});
  }

  /** Takes in all that can be read by now; answers how many events that were. */
  catchUp(): Promise<number> {
    this.#working = this.#working.catch(() => 0).then(() => this.#catchUp());
    return this.#working;
  }

  async #catchUp(): Promise<number> {
    for (let total = 0; ; ) {
      const taken = await this.#step();
      total += taken;
      if (taken === 0) return total;
    }
  }

  async #step(): Promise<number> {
    const { db, store, name, apply, batch } = this.#options;
    const [row] = await db.query<{ position: number }>('select position from projections where name = $1', [name]);
    const events = await store.readAll({ after: row?.position ?? 0, limit: batch });
    const last = events.at(-1);
    if (!last) return 0;
    await db.transaction(
      async () => {
        await apply(events);
        await db.write({
          sql: row
            ? `update projections set position = $2, last_at = $3, updated_at = clock_timestamp()
               where name = $1 and position = $4`
            : `insert into projections (name, position, last_at)
               select $1, $2, $3 where $4::bigint = 0 on conflict do nothing`,
          values: [name, last.position, last.at, row?.position ?? 0],
          rows: 1,
          what: `The checkpoint of ${name}`,
        });
      },
      { retries: 0 },
    );
    return events.length;
  }
}
