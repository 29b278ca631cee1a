/** Something that waits, until it is told that it has waited for too long. */
export interface Waiter {
  /** On the machine's own clock, in milliseconds; it may move while it is watched. */
  readonly deadlineAt: number;
  /** Its place among those that are watched, which is nobody's business but theirs. */
  place: number;
  /** When it begins to wonder; on the same clock. */
  doubtAt: number;
  expire(): void;
  /** It has waited for long enough to ask whether anybody is there; it may ask again later. */
  doubt(): void;
  /** Nothing is heard of this replica any more. */
  silent(origin: string, silence: Silence): void;
}

/**
 * How much silence there is: a first doubt, which moves only what may be read twice; silence; or so much of it that
 * nobody waits any longer.
 */
export type Silence = 'doubt' | 'silence' | 'loss';

const RESOLUTION_MS = 10;

/**
 * Watches over all that wait with one timer: a timer each costs more than what it watches over. They are in an array,
 * since a Set that has grown keeps what was in it from being collected soon.
 */
export class Deadlines {
  readonly #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  watch(waiter: Waiter): void {
    waiter.place = this.#waiters.length;
    this.#waiters.push(waiter);
    this.#timer ??= setInterval(() => this.#sweep(), RESOLUTION_MS);
  }

  /** The last one takes its place. */
  forget(waiter: Waiter): void {
    if (this.#waiters[waiter.place] !== waiter) return;
    const last = this.#waiters.pop()!;
    if (last === waiter) return;
    this.#waiters[waiter.place] = last;
    last.place = waiter.place;
  }

  /** Tells all that wait: some may go elsewhere. */
  silent(origin: string, silence: Silence): void {
    for (const waiter of [...this.#waiters]) waiter.silent(origin, silence);
  }

  #sweep(): void {
    const now = performance.now();
    // From the end, for whoever expires leaves, and the last one comes to its place.
    for (let at = this.#waiters.length - 1; at >= 0; at--) {
      const waiter = this.#waiters[at];
      if (waiter === undefined) continue;
      if (waiter.deadlineAt <= now) waiter.expire();
      else if (waiter.doubtAt <= now) waiter.doubt();
    }
    if (this.#waiters.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
