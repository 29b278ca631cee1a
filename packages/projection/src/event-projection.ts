import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, type Stop, systemClock, systemTimers, type Timers } from '@ashlar/domain';
import type { EventStore, StoredEvent } from '@ashlar/event-store';
import { type Database, isRetryable, isUnreachable } from '@ashlar/postgres';
import { Checkpoints } from './checkpoints.ts';
import { EventBatches, reasonOf } from './event-batches.ts';
import { EventRebuild, NotYetError } from './event-rebuild.ts';
import type { Projection, ProjectionStatus } from './projection.ts';
import { statusOf } from './projection-status.ts';
import type { ReadModel, ReadModelDefinition } from './read-model.ts';

export interface EventProjectionOptions extends ReadModelDefinition {
  readonly db: Database;
  readonly store: EventStore;
  /**
   * Applies events to the read model, in position order, inside the transaction of the checkpoint. It may run more than
   * once, and runs again in a rebuild: it may depend on nothing but the events and the read model's own tables.
   */
  readonly apply: (events: readonly StoredEvent[], model: ReadModel) => Promise<void>;
  /** How many events are applied in one transaction; 1,000 by default. */
  readonly batch?: number;
  readonly timers?: Timers;
  readonly clock?: Clock;
  readonly onError?: (error: unknown) => void;
}

const LOOK_EVERY_MS = 100;
/** After a failure so many looks are left out. */
const LOOKS_LEFT_OUT = 10;
const LOOK_AGAIN_MS = 5;
const REST_MS = 50;
/** While others append, of whom nobody tells: so often, and so many times after the last event of theirs. */
const LOOK_CLOSELY_MS = 5;
const CLOSE_LOOKS = 200;
/** A rebuild may freeze the checkpoint and give it up again: the race is lost, though nothing has moved. */
const RACES_TO_LOSE = 10;

/**
 * A read model over an event store. Read model and checkpoint move in one transaction, and the checkpoint by compare
 * and set: of two projectors of one name, one of them frozen for a while, only one takes an event in.
 */
export class EventProjection implements Projection {
  readonly name: string;
  readonly #options: Required<EventProjectionOptions>;
  readonly #checkpoints: Checkpoints;
  readonly #batches: EventBatches;
  readonly #rebuild: EventRebuild;
  #stops: Stop[] = [];
  #isStopped = false;
  #isAskedFor = false;
  #isFailing = false;
  #closeLooks = 0;
  #looking: Promise<void> | undefined;
  /** How many events it has taken in. */
  #taken = 0;
  /** How often it was told that something was appended. */
  #told = 0;
  #working: Promise<number> = Promise.resolve(0);
  #rebuilding: Promise<boolean> = Promise.resolve(false);

  constructor(options: EventProjectionOptions) {
    const defaults = { batch: 1_000, timers: systemTimers, clock: systemClock, onError: () => {} };
    this.#options = { ...defaults, ...options };
    const { name, db, store, batch } = this.#options;
    this.name = name;
    this.#checkpoints = new Checkpoints(db, options);
    this.#batches = new EventBatches(store, batch);
    this.#rebuild = new EventRebuild({ ...this.#options, checkpoints: this.#checkpoints });
  }

  async prepare(): Promise<void> {
    if ((await this.#checkpoints.prepare()) === 'older') await this.#checkpoints.beginRebuild();
  }

  start(): void {
    this.#isStopped = false;
    // Whoever tells of an append does so from within its transaction, which is over.
    const outside = AsyncLocalStorage.snapshot();
    const told = () => {
      this.#told += 1;
      if (!this.#isFailing) outside(() => void this.#look().catch(() => {}));
    };
    this.#looking = undefined;
    this.#stops = [
      this.#everyNow(() => this.#lookForOthers()),
      this.#everyNow(() => this.#goOnRebuilding()),
      this.#options.store.onAppended?.(told) ?? (() => {}),
    ];
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const stop of this.#stops.splice(0)) stop();
    await Promise.allSettled([this.#looking, this.#working, this.#rebuilding]);
  }

  /**
   * Applies all events that can be read by now; returns how many. Throws PoisonEventError for one that it cannot apply.
   */
  catchUp(): Promise<number> {
    this.#working = this.#working.catch(() => 0).then(() => this.#catchUp());
    return this.#working;
  }

  /**
   * Resolves when everything committed by the time of the call has been applied, so that callers can read their own
   * writes; rejects when the signal aborts.
   */
  async current(signal?: AbortSignal): Promise<void> {
    const head = await this.#options.store.head();
    while (((await this.#checkpoints.current())?.position ?? 0) < head) {
      signal?.throwIfAborted();
      if ((await this.catchUp()) === 0) await this.#pause(LOOK_AGAIN_MS);
    }
  }

  async beginRebuild(): Promise<void> {
    await this.#checkpoints.beginRebuild();
  }

  /** Rebuilds the read model; resolves when the new one is live, and rejects with what prevents that. */
  async rebuild(): Promise<void> {
    const run = await this.#checkpoints.beginRebuild();
    while ((await this.#checkpoints.rebuilding())?.run === run) {
      const hasWorked = await this.#goOnRebuilding().catch((error) => {
        if (!isRetryable(error) && !(error instanceof NotYetError)) throw error;
        return false;
      });
      if (!hasWorked) await this.#pause(REST_MS);
    }
  }

  async status(): Promise<ProjectionStatus> {
    const { store, clock } = this.#options;
    const [current, rebuild] = await Promise.all([this.#checkpoints.current(), this.#checkpoints.rebuilding()]);
    const position = current?.position ?? 0;
    // One that cannot be read is what keeps it from going on, and younger than the last that could.
    const oldest = store.readAll({ after: position, limit: 1 }).then(
      ([next]) => next?.at,
      () => current?.lastAt,
    );
    const [head, waitingSince] = await Promise.all([store.head(), oldest]);
    const lag = Math.max(0, head - position);
    const lagMs = lag > 0 && waitingSince ? Math.max(0, clock.now().getTime() - waitingSince.getTime()) : 0;
    return { ...statusOf(this.#options, current, rebuild), lag, lagMs };
  }

  /** Nobody tells of what other processes append: while they do, it is looked for more often. */
  async #lookForOthers(): Promise<void> {
    if (await this.#hasOthers(() => this.#look())) this.#lookClosely();
  }

  /** Whether it has found something that it was not told of. */
  async #hasOthers(look: () => Promise<void>): Promise<boolean> {
    const [taken, told] = [this.#taken, this.#told];
    await look();
    return this.#taken > taken && this.#told === told;
  }

  #lookClosely(): void {
    const isLooking = this.#closeLooks > 0;
    this.#closeLooks = CLOSE_LOOKS;
    if (!isLooking) this.#lookAgainSoon();
  }

  #lookAgainSoon(): void {
    this.#options.timers.once(LOOK_CLOSELY_MS, async () => {
      if (this.#isStopped || this.#isFailing || --this.#closeLooks <= 0) {
        this.#closeLooks = 0;
        return;
      }
      if (await this.#hasOthers(() => this.#look().catch(() => {}))) this.#closeLooks = CLOSE_LOOKS;
      this.#lookAgainSoon();
    });
  }

  /** One look at a time; whoever asks meanwhile gets one more. */
  #look(): Promise<void> {
    this.#isAskedFor = true;
    this.#looking ??= this.#lookWhileAsked();
    return this.#looking;
  }

  async #lookWhileAsked(): Promise<void> {
    try {
      while (this.#isAskedFor && !this.#isStopped) {
        this.#isAskedFor = false;
        await this.#follow();
      }
      this.#isFailing = false;
    } catch (error) {
      this.#isFailing = true;
      throw error;
    } finally {
      this.#looking = undefined;
    }
  }

  /** Where an event cannot be read because one before it is still on its way, the next look comes sooner. */
  async #follow(): Promise<void> {
    await this.catchUp();
    for (let ms = LOOK_AGAIN_MS; ms < LOOK_EVERY_MS && !this.#isStopped; ms *= 2) {
      const [head, current] = await Promise.all([this.#options.store.head(), this.#checkpoints.current()]);
      if (!current || head <= current.position || current.version !== this.#options.version) return;
      await this.#pause(ms);
      if ((await this.catchUp()) > 0) ms = LOOK_AGAIN_MS / 2;
    }
  }

  async #catchUp(): Promise<number> {
    for (let total = 0; ; ) {
      const taken = await this.#step();
      total += taken;
      this.#taken += taken;
      if (taken === 0) return total;
    }
  }

  async #step(racesLost = 0): Promise<number> {
    const current = await this.#checkpoints.current();
    if (!current) throw new Error(`The read model ${this.name} has not been prepared.`);
    if (current.version !== this.#options.version || current.frozen) return 0;
    const { position: after, tables } = current;
    try {
      return await this.#batches.next({ after, take: (events) => this.#take(events, { after, tables }) });
    } catch (error) {
      if (await this.#isElsewhere(after, error)) return this.#step();
      if (isRetryable(error) && racesLost < RACES_TO_LOSE) return this.#step(racesLost + 1);
      if (!isUnreachable(error)) await this.#checkpoints.failed(after, reasonOf(error));
      throw error;
    }
  }

  /**
   * Whether the race was lost to another projector, or to a successor that is taking over: then that goes on. Who has
   * lost it may hear of a key that is there already instead.
   */
  async #isElsewhere(after: number, error: unknown): Promise<boolean> {
    if (isUnreachable(error)) return false;
    const now = await this.#checkpoints.current();
    if (now === undefined || now.position !== after) return now !== undefined;
    return isRetryable(error) && (now.frozen || now.version !== this.#options.version);
  }

  async #take(
    events: readonly StoredEvent[],
    { after, tables }: { readonly after: number; readonly tables: readonly string[] },
  ): Promise<void> {
    const { db, apply } = this.#options;
    let isHeard = false;
    const model: ReadModel = {
      isRebuild: false,
      query: (sql, values) => db.query(sql, values),
      write: (statement) => db.write(statement),
      once: async (effect) => {
        isHeard = true;
        await db.transaction(effect, { effects: 'allowed' });
      },
    };
    await db.transaction(
      async () => {
        await apply(events, model);
        await db.write(this.#checkpoints.moved(after, events.at(-1)!));
        if (!isHeard) await db.write({ sql: 'select projection_wrote_only(current_schema(), $1)', values: [tables] });
      },
      { retries: 0, effects: 'refused' },
    );
  }

  #goOnRebuilding(): Promise<boolean> {
    this.#rebuilding = this.#rebuilding.catch(() => false).then(() => this.#rebuild.goOn());
    return this.#rebuilding;
  }

  /** Now and then, and after a failure less often. */
  #everyNow(work: () => Promise<unknown>): Stop {
    const { timers, onError } = this.#options;
    let leftOut = 0;
    return timers.every(
      LOOK_EVERY_MS,
      async () => {
        if (leftOut-- > 0) return;
        leftOut = LOOKS_LEFT_OUT;
        await work();
        leftOut = 0;
      },
      onError,
    );
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => void this.#options.timers.once(ms, resolve));
  }
}
