import { BoundedMap } from './bounded-map.ts';
import type { Limiter, Quota, Verdict } from './limiter.ts';

const SLOTS = 60;

interface Count {
  readonly perSlot: Uint32Array;
  total: number;
  slot: number;
}

/** Never more than the quota in any window (a bucket lets its refill through too), exact to a 60th of the window. */
export class SlidingWindow implements Limiter {
  readonly #counts: BoundedMap<Count>;
  readonly #slotMs: number;

  constructor(private readonly options: Quota) {
    this.#counts = new BoundedMap(options.keys);
    this.#slotMs = options.windowMs / SLOTS;
  }

  take(key: string, nowMs: number): Verdict {
    const slot = Math.floor(nowMs / this.#slotMs);
    const count = this.#countOf(key, slot);
    const allowed = count.total < this.options.quota;
    if (allowed) {
      count.total += 1;
      count.perSlot[slot % SLOTS]! += 1;
      this.#counts.set(key, count);
    }
    return {
      allowed,
      remaining: this.options.quota - count.total,
      resetMs: this.#freeAt(newest(count)) - nowMs,
      retryMs: allowed ? 0 : this.#freeAt(oldest(count)) - nowMs,
    };
  }

  isSpent(key: string, nowMs: number): boolean {
    return this.#countOf(key, Math.floor(nowMs / this.#slotMs)).total >= this.options.quota;
  }

  #freeAt(slot: number): number {
    return (slot + SLOTS) * this.#slotMs;
  }

  #countOf(key: string, slot: number): Count {
    const count = this.#counts.get(key);
    // A clock that was set back begins anew: nobody is locked out by it.
    if (!count || slot < count.slot || slot >= count.slot + SLOTS) {
      return { perSlot: new Uint32Array(SLOTS), total: 0, slot };
    }
    while (count.slot < slot) {
      count.slot += 1;
      count.total -= count.perSlot[count.slot % SLOTS]!;
      count.perSlot[count.slot % SLOTS] = 0;
    }
    return count;
  }
}

function oldest({ perSlot, slot }: Count): number {
  for (let age = SLOTS - 1; age > 0; age--) {
    if (perSlot[(slot - age + SLOTS) % SLOTS]! > 0) return slot - age;
  }
  return slot;
}

function newest({ perSlot, slot }: Count): number {
  for (let age = 0; age < SLOTS; age++) {
    if (perSlot[(slot - age + SLOTS) % SLOTS]! > 0) return slot - age;
  }
  return slot;
}
