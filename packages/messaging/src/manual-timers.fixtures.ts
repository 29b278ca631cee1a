import type { Stop, Timers } from '@ashlar/domain';

interface Entry {
  at: number;
  readonly everyMs?: number;
  readonly work: () => void;
}

/** Timers that stand still until a test lets time pass. */
export class ManualTimers implements Timers {
  #now = 0;
  readonly #entries = new Set<Entry>();

  once(ms: number, work: () => void): Stop {
    return this.#add({ at: this.#now + ms, work });
  }

  every(ms: number, work: () => Promise<void>, onError: (error: unknown) => void): Stop {
    let running = false;
    const run = () => {
      if (running) return;
      running = true;
      work()
        .catch(onError)
        .finally(() => {
          running = false;
        });
    };
    return this.#add({ at: this.#now + ms, everyMs: ms, work: run });
  }

  /** How many one-shot timers are running. */
  get waiting(): number {
    return [...this.#entries].filter(({ everyMs }) => everyMs === undefined).length;
  }

  /** Runs everything that falls due within the next `ms`, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#now = next.at;
      if (next.everyMs) next.at += next.everyMs;
      else this.#entries.delete(next);
      next.work();
    }
    this.#now = until;
  }

  #add(entry: Entry): Stop {
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  #next(until: number): Entry | undefined {
    const due = [...this.#entries].filter(({ at }) => at <= until);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}
