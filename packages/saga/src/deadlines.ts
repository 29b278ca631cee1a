import type { Clock, Stop, Timers } from '@ashlar/domain';
import type { Claim, Duty } from '@ashlar/messaging';
import type { UnitOfWork } from '@ashlar/postgres';
import type { SagaStore } from './saga-store.ts';

export interface DeadlinesOptions {
  readonly work: UnitOfWork;
  readonly store: SagaStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** Resolves when every reply that has arrived by now is handled. */
  readonly settled: () => Promise<void>;
  /** Which replica fires deadlines: every one where nobody is named. */
  readonly duty?: Duty | undefined;
  /** Lets the saga of this key feel its time-out. */
  readonly timeout: (key: string) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/** Replies that have arrived may take so many time-outs before deadlines fire all the same. */
const PATIENCE = 10;
/** Who has not looked for so many turns was away: frozen, or without a database. */
const AWAY = 5;

/**
 * Fires the deadlines of sagas, by the database's clock, after the replies that had arrived by then. Deadlines that
 * passed while nobody could be heard, because this process or its database was away, begin anew: the participants,
 * too, may have been away.
 */
export class Deadlines {
  readonly #everyMs: number;
  #stop: Stop = () => {};
  #stopped = false;
  #lastLookAt = 0;
  #claim: Claim | undefined;

  constructor(private readonly options: DeadlinesOptions) {
    this.#everyMs = Math.max(20, Math.min(1_000, options.timeoutMs / 10));
  }

  async start(): Promise<void> {
    const { timers, onError, duty } = this.options;
    if (duty) await this.#isOurs();
    else await this.#beginAnew();
    if (!this.#stopped) this.#stop = timers.every(this.#everyMs, () => this.#look(), onError);
  }

  stop(): void {
    this.#stopped = true;
    this.#stop();
  }

  async #beginAnew(): Promise<void> {
    await this.options.store.postponeDue(this.options.timeoutMs);
    this.#lastLookAt = this.#now();
  }

  async #look(): Promise<void> {
    const { store } = this.options;
    if (!(await this.#isOurs())) return;
    if (this.#now() - this.#lastLookAt > AWAY * this.#everyMs) await this.#beginAnew();
    const due = await store.due();
    this.#lastLookAt = this.#now();
    if (due.length === 0) return;
    await this.#replies();
    for (const key of due) await this.#fire(key);
    this.#lastLookAt = this.#now();
  }

  /** Who takes over from another replica goes on: somebody was here to hear. */
  async #isOurs(): Promise<boolean> {
    const { duty } = this.options;
    if (!duty) return true;
    const { claim } = duty;
    if (claim && claim !== this.#claim && claim.isAfterAbsence) await this.#beginAnew();
    if (claim !== this.#claim) this.#lastLookAt = this.#now();
    this.#claim = claim;
    return claim !== undefined;
  }

  async #replies(): Promise<void> {
    const { timers, timeoutMs, settled } = this.options;
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const stop = timers.once(timeoutMs * PATIENCE, resolve);
    await Promise.race([settled(), tooLong]);
    stop();
  }

  /** One that cannot be handled must not keep the others from theirs. */
  async #fire(key: string): Promise<void> {
    const { work, store, timeout, timeoutMs, onError } = this.options;
    if (this.#stopped) return;
    try {
      await work.transaction(async () => {
        if (await store.isDue(key)) await timeout(key);
      });
    } catch (error) {
      onError(error);
      await store.postpone(key, timeoutMs);
    }
  }

  #now(): number {
    return this.options.clock.now().getTime();
  }
}
