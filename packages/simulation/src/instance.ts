import type { Clock, Stop, Timers } from '@ashlar/domain';
import type { World } from './world.ts';

/** How long a call of a port takes: most are quick. */
const USUAL_MS = 3;
const JUMP_MS = 60_000;

const never = (): Promise<never> => new Promise(() => {});

/**
 * A running copy of a service. Once it has died its ports never answer again, its timers never fire, and whatever it
 * was about to do it does not do: just as a process after SIGKILL.
 */
export class Instance {
  #isAlive = true;
  #skewMs = 0;

  constructor(
    readonly world: World,
    readonly name: string,
    private readonly onDeath: () => void,
  ) {}

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Ends the instance without a word to it. */
  die(why: string): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.world.note(`${this.name} dies: ${why}`);
    this.onDeath();
  }

  /**
   * A call of a port: it takes a moment, `effect` happens at once and whole, and the answer takes a moment. The
   * instance may die before or after the effect.
   */
  async call<T>(port: string, effect: () => T): Promise<T> {
    await this.#moment(port, 'before');
    const result = this.#attempt(port, effect);
    await this.#moment(port, 'after');
    if (!result.ok) throw result.error;
    return result.value;
  }

  /** Whatever the instance does by itself it does only while it lives. */
  readonly timers: Timers = {
    once: (ms, work) => this.world.after(ms, () => this.#isAlive && work()),
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

  #every(ms: number, work: () => Promise<void>, onError: (error: unknown) => void): Stop {
    let stopped = false;
    let stop = (): void => {};
    const next = () => {
      if (stopped || !this.#isAlive) return;
      stop = this.world.after(ms, () => {
        if (this.#isAlive && !stopped) work().catch(onError).finally(next);
      });
    };
    next();
    return () => {
      stopped = true;
      stop();
    };
  }
}
