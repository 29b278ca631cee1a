import type { Clock } from '@ashlar/domain';

/** A value, or that there is none, as a tier keeps it. */
export interface Stored<Value> {
  readonly value: Value | undefined;
  /** Until when it may be told, in milliseconds since 1970. */
  readonly until: number;
}

/** A slower, larger or shared layer below the memory, such as Redis. One that fails is passed by. */
export interface CacheTier<Value> {
  get(key: string): Promise<Stored<Value> | undefined>;
  set(key: string, stored: Stored<Value>): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface CacheOptions<Value> {
  /** How long a value may be told, in milliseconds. */
  readonly ttlMs: number;
  /** How long it may be told that there is none; not at all when not told. */
  readonly negativeTtlMs?: number;
  /** The most by which chance shortens a lifetime, 0..1: not everything expires at once. 0.1 when not told. */
  readonly jitter?: number;
  /** How many values the memory holds; the least recently used goes first. 10,000 when not told. */
  readonly maxEntries?: number;
  readonly clock: Clock;
  /** A number from 0 to 1, 1 excluded. */
  readonly chance: () => number;
  readonly tier?: CacheTier<Value>;
  /** Learns of failures of the tier, which nobody else sees. */
  readonly onTierFailure?: (error: unknown) => void;
}

interface Load<Value> {
  readonly promise: Promise<Value | undefined>;
  isOutdated: boolean;
}

const MAX_ENTRIES = 10_000;
const JITTER = 0.1;

/**
 * Memory, then a shared tier, then the source. All who ask for the same at once wait for one load; what was
 * invalidated while it was loaded is told to those who had asked, and not kept.
 */
export class LayeredCache<Value> {
  readonly #memory = new Map<string, Stored<Value>>();
  readonly #loads = new Map<string, Load<Value>>();

  constructor(private readonly options: CacheOptions<Value>) {}

  /** The value, from the nearest layer that has it; undefined where the source has none. */
  async get(key: string, source: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const known = this.#memory.get(key);
    if (known && this.#isGood(known)) {
      this.#remember(key, known);
      return known.value;
    }
    const running = this.#loads.get(key);
    if (running) return running.promise;
    const load: Load<Value> = {
      promise: Promise.resolve().then(() => this.#load(key, load, source)),
      isOutdated: false,
    };
    this.#loads.set(key, load);
    try {
      return await load.promise;
    } finally {
      if (this.#loads.get(key) === load) this.#loads.delete(key);
    }
  }

  /** Forgets the value in every layer: what is asked for from now on comes from the source. */
  async invalidate(key: string): Promise<void> {
    this.#memory.delete(key);
    const load = this.#loads.get(key);
    if (load) load.isOutdated = true;
    this.#loads.delete(key);
    await this.#ofTier((tier) => tier.delete(key));
  }

  async #load(key: string, load: Load<Value>, source: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const below = await this.#ofTier((tier) => tier.get(key));
    if (below && this.#isGood(below) && !load.isOutdated) {
      this.#remember(key, below);
      return below.value;
    }
    const value = await source();
    const ttlMs = value === undefined ? (this.options.negativeTtlMs ?? 0) : this.options.ttlMs;
    const { chance, jitter = JITTER } = this.options;
    const stored = { value, until: this.#nowMs() + ttlMs * (1 - jitter * chance()) };
    if (load.isOutdated || ttlMs === 0) return value;
    this.#remember(key, stored);
    await this.#ofTier((tier) => tier.set(key, stored));
    // What was invalidated while the tier stored it may have been stored after it was deleted.
    if (load.isOutdated) await this.#ofTier((tier) => tier.delete(key));
    return value;
  }

  #remember(key: string, stored: Stored<Value>): void {
    this.#memory.delete(key);
    this.#memory.set(key, stored);
    const { maxEntries = MAX_ENTRIES } = this.options;
    if (this.#memory.size > maxEntries) this.#memory.delete(this.#memory.keys().next().value!);
  }

  #isGood({ until }: Stored<Value>): boolean {
    return until > this.#nowMs();
  }

  #nowMs(): number {
    return this.options.clock.now().getTime();
  }

  async #ofTier<Result>(work: (tier: CacheTier<Value>) => Promise<Result>): Promise<Result | undefined> {
    const { tier, onTierFailure } = this.options;
    if (!tier) return undefined;
    try {
      return await work(tier);
    } catch (error) {
      onTierFailure?.(error);
      return undefined;
    }
  }
}
