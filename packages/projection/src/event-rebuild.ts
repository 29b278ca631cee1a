import type { Timers } from '@ashlar/domain';
import type { EventStore, StoredEvent } from '@ashlar/event-store';
import { type Database, isUnreachable } from '@ashlar/postgres';
import type { Checkpoints, Rebuild } from './checkpoints.ts';
import { EventBatches, reasonOf } from './event-batches.ts';
import { oldSnapshotsEnd } from './old-snapshots.ts';
import type { ReadModel } from './read-model.ts';

export interface EventRebuildOptions {
  readonly version: number;
  readonly db: Database;
  readonly store: EventStore;
  readonly apply: (events: readonly StoredEvent[], model: ReadModel) => Promise<void>;
  readonly batch: number;
  readonly timers: Timers;
  readonly checkpoints: Checkpoints;
}

/** The successor is ready, and something keeps it from taking over; it is tried again. */
export class NotYetError extends Error {
  override readonly name = 'NotYetError';
}

const OLD_SNAPSHOTS = 'Transactions are open that may still see the tables as they were; it waits for their end.';
/** So long it waits for them while the read model moves on, and while it stands still. */
const PATIENCE_MS = 30_000;
const FROZEN_PATIENCE_MS = 1_000;

/**
 * Fills the successor of a read model beside it, never further than the read model itself has come, and puts it in its
 * place where both have come equally far: so nobody reads an older state than before, and what others notice of an
 * event happens once. Every step is a transaction; whoever comes after a crash goes on with the next.
 */
export class EventRebuild {
  readonly #batches: EventBatches;
  readonly #model: ReadModel;

  constructor(private readonly options: EventRebuildOptions) {
    const { store, batch, db } = options;
    this.#batches = new EventBatches(store, batch);
    this.#model = {
      isRebuild: true,
      query: (sql, values) => db.query(sql, values),
      write: (statement) => db.write(statement),
      once: async () => {},
    };
  }

  /** Goes on for as long as it can; answers whether there was anything to do. Throws what keeps it from going on. */
  async goOn(): Promise<boolean> {
    const { checkpoints, version, batch } = this.options;
    for (let hasWorked = false; ; hasWorked = true) {
      const [current, rebuild] = await Promise.all([checkpoints.current(), checkpoints.rebuilding()]);
      if (!current || rebuild?.version !== version) return hasWorked;
      const isNear = current.position - rebuild.position <= batch;
      const moved = await this.#noting(rebuild, () =>
        isNear ? this.#takeOver(rebuild, current.position) : this.#fill(rebuild, current.position),
      );
      if (!moved) return hasWorked;
    }
  }

  async #noting<T>(rebuild: Rebuild, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isUnreachable(error)) await this.options.checkpoints.rebuildFailed(rebuild, reasonOf(error));
      throw error;
    }
  }

  /** Answers whether it took anything in: not where somebody else works at it. */
  async #fill(rebuild: Rebuild, upTo: number): Promise<boolean> {
    let isOurs = false;
    const take = async (events: readonly StoredEvent[]) => {
      isOurs = await this.#take(rebuild, events);
    };
    const taken = await this.#batches.next({ after: rebuild.position, upTo, take });
    return isOurs && taken > 0;
  }

  async #take(rebuild: Rebuild, events: readonly StoredEvent[]): Promise<boolean> {
    const { db, apply, checkpoints } = this.options;
    return db.transaction(
      async () => {
        const [isOurs] = await Promise.all([checkpoints.claim(rebuild), checkpoints.enter()]);
        if (!isOurs) return false;
        await apply(events, this.#model);
        await db.write(checkpoints.rebuilt(rebuild, events.at(-1)!.position));
        await db.write({
          sql: 'select projection_wrote_only($1, $2)',
          values: [checkpoints.schema, rebuild.tables],
        });
        return true;
      },
      { retries: 0, effects: 'refused' },
    );
  }

  /** The read model stands still meanwhile, for milliseconds; where that is not enough, it is tried again later. */
  async #takeOver(seen: Rebuild, upTo: number): Promise<boolean> {
    const { checkpoints, db, timers } = this.options;
    if (seen.position < upTo && !(await this.#fill(seen, upTo))) return false;
    if (!(await checkpoints.analyze(seen))) return false;
    if (!(await oldSnapshotsEnd(db, timers, PATIENCE_MS))) throw new NotYetError(OLD_SNAPSHOTS);
    let isDone = false;
    try {
      const at = await checkpoints.freeze();
      isDone = at !== undefined && (await this.#replace(seen.run, at));
    } finally {
      if (!isDone) await checkpoints.thaw();
    }
    return isDone;
  }

  async #replace(run: number, at: number): Promise<boolean> {
    const { checkpoints, db, timers } = this.options;
    for (;;) {
      const rebuild = await checkpoints.rebuilding();
      if (rebuild?.run !== run) return false;
      if (rebuild.position === at) break;
      if (!(await this.#fill(rebuild, at))) return false;
    }
    if (!(await oldSnapshotsEnd(db, timers, FROZEN_PATIENCE_MS))) throw new NotYetError(OLD_SNAPSHOTS);
    return checkpoints.install({ run, at });
  }
}
