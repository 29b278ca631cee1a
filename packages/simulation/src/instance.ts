import type { Clock, Stop, Timers } from '@ashlar/domain';
import type { World } from './world.ts';

/** How long a call of a port takes: most are quick. */
const USUAL_MS = 3;
const JUMP_MS = 60_000;

const FROZEN_MS = { least: 500, most: 15_000 };
/** As `idle_in_transaction_session_timeout` of a service's sessions. */
const IDLE_SESSION_MS = 5_000;

const never = (): Promise<never> => new Promise(() => {});

/** What others do about what happens to an instance. */
export interface InstanceObserver {
  died(): void;
  /** It stands still from now on, and does not know it. */
  frozen?(): void;
  /** The database has ended its open transactions, and what they had locked is free. */
  sessionsEnded?(): void;
}

interface Frozen {
  readonly sinceMs: number;
  readonly thawed: Promise<void>;
}

/**
 * A running copy of a service. Once it has died its ports never answer again, its timers never fire, and whatever it
 * was about to do it does not do: just as a process after SIGKILL. While it is frozen, as after SIGSTOP, what it has
 * asked for still happens, but it reads no answer, and hears no timer; it goes on later, where it was.
 */
export class Instance {
  #isAlive = true;
  #frozen: Frozen | undefined;
  #sessions = 0;
  #skewMs = 0;

  constructor(
    readonly world: World,
    readonly name: string,
    private readonly observer: InstanceObserver,
  ) {}

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** For how long nobody has heard of it; 0 while it goes on. */
  get silentForMs(): number {
    return this.#frozen ? this.world.now - this.#frozen.sinceMs : 0;
  }

  /** Another number once the database has ended the sessions of before. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Ends the instance without a word to it. */
  die(why: string): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.world.note(`${this.name} dies: ${why}`);
    this.observer.died();
  }

  /** Lets it stand still for a while. */
  freeze(): void {
    if (!this.#isAlive || this.#frozen) return;
    const { world } = this;
    const ms = FROZEN_MS.least + world.random.next() * (FROZEN_MS.most - FROZEN_MS.least);
    const frozen = { sinceMs: world.now, thawed: world.pass(ms) };
    this.#frozen = frozen;
    world.note(`${this.name} stands still`);
    world.after(IDLE_SESSION_MS, () => {
      if (this.#frozen === frozen) this.#endSessions();
    });
    void frozen.thawed.then(() => {
      this.#frozen = undefined;
      world.note(`${this.name} goes on`);
    });
    this.observer.frozen?.();
  }

  /** Does it as soon as the instance can: now, when it wakes up, or never. */
  whenAwake(work: () => unknown): void {
    if (this.#frozen) void this.#frozen.thawed.then(() => this.whenAwake(work));
    else if (this.#isAlive) work();
  }

  /** Resolves as soon as the instance can go on. */
  awake(): Promise<void> {
    return new Promise((resolve) => this.whenAwake(resolve));
  }

  /** Lets so many milliseconds pass. */
  async pass(ms: number): Promise<void> {
    await this.world.pass(ms);
    await this.awake();
  }

  /**
   * A call of a port: it takes a moment, `effect` happens at once and whole, and the answer takes a moment. The
   * instance may die before or after the effect, and freeze after it.
   */
  async call<T>(port: string, effect: () => T): Promise<T> {
    await this.#moment(port, 'before');
    const result = this.#attempt(port, effect);
    await this.#moment(port, 'after');
    if (this.world.faults.strikes('freeze')) this.freeze();
    await this.awake();
    if (!result.ok) throw result.error;
    return result.value;
  }

  /** Whatever the instance does by itself it does only while it lives. */
  readonly timers: Timers = {
    once: (ms, work) => this.#once(ms, work),
    every: (ms, work, onError) => this.#every(ms, work, onError),
  };

  readonly clock: Clock = {
    now: () => {
      if (this.world.faults.strikes('clockJump')) this.#skewMs = (this.world.random.next() - 0.5) * 2 * JUMP_MS;
      return new Date(this.world.now + this.#skewMs);
    },
  };

  #attempt<T>(port: string, effect: () => T): { ok: true; value: T } | { ok: false; error: unknown } {
    try {
      const value = effect();
      this.world.note(`${this.name} ${port}`);
      return { ok: true, value };
    } catch (error) {
      this.world.note(`${this.name} ${port} fails: ${error instanceof Error ? error.name : String(error)}`);
      return { ok: false, error };
    }
  }

  async #moment(port: string, when: string): Promise<void> {
    if (!this.#isAlive) return never();
    if (this.world.faults.strikes('crash')) {
      this.die(`${when} ${port}`);
      return never();
    }
    await this.world.pass(this.world.random.next() * USUAL_MS);
    if (!this.#isAlive) return never();
  }

  #endSessions(): void {
    this.#sessions += 1;
    this.observer.sessionsEnded?.();
  }

  #once(ms: number, work: () => void): Stop {
    let stopped = false;
    const stop = this.world.after(ms, () => this.whenAwake(() => stopped || work()));
    return () => {
      stopped = true;
      stop();
    };
  }

  #every(ms: number, work: () => Promise<void>, onError: (error: unknown) => void): Stop {
    let stopped = false;
    let stop = (): void => {};
    const next = () => {
      if (stopped || !this.#isAlive) return;
      stop = this.#once(ms, () => work().catch(onError).finally(next));
    };
    next();
    return () => {
      stopped = true;
      stop();
    };
  }
}
