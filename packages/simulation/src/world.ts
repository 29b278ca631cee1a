import type { Stop } from '@ashlar/domain';
import { type FaultCounts, type FaultRates, Faults, SOME_FAULTS } from './faults.ts';
import { Randomness } from './randomness.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly faults?: Partial<FaultRates>;
  /** Only these chances of a fault strike; see `Faults`. */
  readonly only?: ReadonlySet<number>;
  /** Whether the lines of the trace are kept, and not only their hash. */
  readonly isTraced?: boolean;
}

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
  cancelled: boolean;
}

const BEGINNING = Date.UTC(2026, 0, 1);

/**
 * Time, chance and order of one run. Nothing happens but by its schedule: it takes the next happening, lets
 * everything run that follows from it, and goes on to the next one. The same seed gives the same run, to the byte of
 * its trace.
 */
export class World {
  readonly random: Randomness;
  readonly faults: Faults;
  readonly #heap = new Heap();
  readonly #lines: string[] = [];
  readonly #isTraced: boolean;
  #now = BEGINNING;
  #order = 0;
  #hash = 0x811c9dc5;
  #ids = 0;
  #happenings = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor({ seed, faults, only, isTraced = false }: WorldOptions) {
    this.random = new Randomness(seed);
    this.faults = new Faults(seed, { ...SOME_FAULTS, ...faults }, only);
    this.#isTraced = isTraced;
  }

  /** Milliseconds since 1970, in the time of this world. */
  get now(): number {
    return this.#now;
  }

  /** How many things have happened. */
  get happenings(): number {
    return this.#happenings;
  }

  get faultCounts(): FaultCounts {
    return this.faults.counts;
  }

  /** A UUID that rises with time and number. */
  nextId(): string {
    const time = Math.floor(this.#now).toString(16).padStart(12, '0');
    const number = (++this.#ids).toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number}`;
  }

  /** Lets something happen after so many milliseconds. */
  after(ms: number, work: () => void): Stop {
    const happening: Happening = { at: this.#now + Math.max(0, ms), order: this.#order++, work, cancelled: false };
    this.#heap.push(happening);
    return () => {
      happening.cancelled = true;
    };
  }

  /** Resolves after so many milliseconds. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Notes what has happened: part of the trace that two runs of one seed share. */
  note(line: string): void {
    const whole = `${Math.round(this.#now - BEGINNING)} ${line}`;
    for (let at = 0; at < whole.length; at++) this.#hash = Math.imul(this.#hash ^ whole.charCodeAt(at), 0x01000193);
    if (this.#isTraced) this.#lines.push(whole);
  }

  get trace(): readonly string[] {
    return this.#lines;
  }

  /** Tells two runs apart without their traces (FNV-1a). */
  get traceHash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** Something has failed that nobody expects to: the run ends with it. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /**
   * Lets the world go on until `isOver`, or until so many milliseconds of its time have passed; answers whether it
   * is.
   */
  async run(isOver: () => boolean, withinMs: number): Promise<boolean> {
    const end = this.#now + withinMs;
    await settled();
    while (!isOver()) {
      if (this.#failure) throw this.#failure.error;
      const next = this.#heap.pop();
      if (!next || next.at > end) return false;
      if (next.cancelled) continue;
      this.#now = next.at;
      this.#happenings += 1;
      next.work();
      await settled();
    }
    if (this.#failure) throw this.#failure.error;
    return true;
  }
}

/** Resolves when every promise that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A binary heap, the earliest first; of two at one time the one that was planned first. */
class Heap {
  readonly #items: Happening[] = [];

  push(item: Happening): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Happening | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (!first || !last || items.length === 0) return first;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
      if (!isBefore(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return first;
  }
}

const isBefore = (a: Happening, b: Happening): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
