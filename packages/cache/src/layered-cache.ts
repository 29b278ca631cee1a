import type { CacheTier, Copy, Found, Moment } from './cache-tier.ts';

/** A tier, and for how long a copy may be told from it. */
export interface CacheLayer<Value> {
  readonly name: string;
  readonly tier: CacheTier<Value>;
  /** In milliseconds. */
  readonly ttlMs: number;
  /** How long it may be told that there is none; not at all when not told. */
  readonly negativeTtlMs?: number;
}

export interface CacheOptions<Value> {
  /** The nearest first. One that fails is passed by. */
  readonly layers: readonly CacheLayer<Value>[];
  /** The version of a value, which grows with each of its changes; at least 1. */
  readonly versionOf: (value: Value) => number;
  /** The most by which chance shortens a lifetime, 0..1: not everything expires at once. 0.1 when not told. */
  readonly jitter?: number;
  /** A number from 0 to 1, 1 excluded. */
  readonly chance: () => number;
  /** Hears who has answered: the name of a layer, or `source`. */
  readonly onRead?: (from: string) => void;
  /** Learns of failures of tiers, which nobody else sees. */
  readonly onTierFailure?: (error: unknown) => void;
}

const JITTER = 0.1;

/** A layer that was asked, and what it has answered. */
interface Asked<Value> {
  readonly layer: CacheLayer<Value>;
  readonly since: Moment;
}

/**
 * Layers, the nearest first, then the source. All who ask for the same at once wait for one load. Copies have versions:
 * what was invalidated while it was loaded is told to those who had asked, and kept nowhere.
 */
export class LayeredCache<Value> {
  readonly #loads = new Map<string, Promise<Value | undefined>>();

  constructor(private readonly options: CacheOptions<Value>) {}

  /** The value, from the nearest layer that has it; undefined where the source has none. */
  get(key: string, source: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const running = this.#loads.get(key);
    if (running) return running;
    const load = this.#load(key, source).finally(() => {
      if (this.#loads.get(key) === load) this.#loads.delete(key);
    });
    this.#loads.set(key, load);
    return load;
  }

  /** There is this version by now. Whoever asks from now on is told nothing older that was kept. */
  async invalidate(key: string, version: number): Promise<void> {
    this.#loads.delete(key);
    await Promise.all(this.options.layers.map(({ tier }) => this.#passingBy(tier.forget(key, version))));
  }

  async #load(key: string, source: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const { layers, versionOf, onRead } = this.options;
    const nearer: Asked<Value>[] = [];
    for (const layer of layers) {
      const found = await this.#passingBy<Found<Value>>(layer.tier.find(key));
      // One that a nearer layer knows to be outdated has missed an invalidation.
      if (found?.copy && (await this.#keep(nearer, key, found.copy))) {
        onRead?.(layer.name);
        return found.copy.value;
      }
      if (found) nearer.push({ layer, since: found.since });
    }
    const value = await source();
    onRead?.('source');
    // Nobody waits for the slower layers.
    void this.#keep(nearer, key, { value, version: value === undefined ? 0 : versionOf(value) });
    return value;
  }

  async #keep(asked: readonly Asked<Value>[], key: string, copy: Copy<Value>): Promise<boolean> {
    const { jitter = JITTER, chance } = this.options;
    const kept = await Promise.all(
      asked.map(({ layer: { tier, ttlMs, negativeTtlMs = 0 }, since }) => {
        const longestMs = copy.value === undefined ? negativeTtlMs : ttlMs;
        if (longestMs === 0) return true;
        return this.#passingBy(tier.keep(key, copy, { since, ttlMs: longestMs * (1 - jitter * chance()) }));
      }),
    );
    return !kept.includes(false);
  }

  async #passingBy<Result>(work: Promise<Result>): Promise<Result | undefined> {
    try {
      return await work;
    } catch (error) {
      this.options.onTierFailure?.(error);
      return undefined;
    }
  }
}
