import type { Clock } from '@ashlar/domain';
import { type CacheTier, type Copy, FORGOTTEN_MS, type Found, type Keeping, MAX_ABSENT } from './cache-tier.ts';

export interface MemoryTierOptions {
  readonly clock: Clock;
  /** How many keys it holds; the least recently used goes first. 10,000 when not told. */
  readonly maxEntries?: number;
  /** How many more of which there is nothing; 1,000 when not told. */
  readonly maxAbsent?: number;
}

interface Entry<Value> extends Copy<Value> {
  /** In milliseconds since 1970. */
  readonly until: number;
}

const MAX_ENTRIES = 10_000;

/** Copies in the memory of this process. */
export class MemoryTier<Value> implements CacheTier<Value> {
  /** With a value; or without, where only its version is known. */
  readonly #entries: Recent<Entry<Value>>;
  readonly #absent: Recent<Entry<Value>>;

  constructor(private readonly options: MemoryTierOptions) {
    const { maxEntries = MAX_ENTRIES, maxAbsent = MAX_ABSENT } = options;
    this.#entries = new Recent(maxEntries);
    this.#absent = new Recent(maxAbsent);
  }

  async find(key: string): Promise<Found<Value>> {
    const entry = this.#good(this.#entries, key) ?? this.#good(this.#absent, key);
    const isCopy = entry !== undefined && (entry.value !== undefined || entry.version === 0);
    return { copy: isCopy ? entry : undefined, since: { epoch: 0, ms: this.#nowMs() } };
  }

  async keep(key: string, { version, value }: Copy<Value>, { since, ttlMs }: Keeping): Promise<boolean> {
    const known = this.#good(this.#entries, key);
    if (known && known.version > version) return false;
    if (this.#nowMs() - since.ms >= FORGOTTEN_MS) return true;
    const entry = { version, value, until: this.#nowMs() + ttlMs };
    if (value === undefined) {
      this.#absent.set(key, entry);
    } else {
      this.#entries.set(key, entry);
      this.#absent.delete(key);
    }
    return true;
  }

  async forget(key: string, version: number): Promise<void> {
    this.#absent.delete(key);
    const known = this.#good(this.#entries, key);
    if (known && known.version >= version) return;
    this.#entries.set(key, { version, value: undefined, until: this.#nowMs() + FORGOTTEN_MS });
  }

  #good(entries: Recent<Entry<Value>>, key: string): Entry<Value> | undefined {
    const entry = entries.get(key);
    return entry && entry.until > this.#nowMs() ? entry : undefined;
  }

  #nowMs(): number {
    return this.options.clock.now().getTime();
  }
}

/** A map with a bound: the least recently used goes first. */
class Recent<Value> {
  readonly #all = new Map<string, Value>();

  constructor(private readonly most: number) {}

  get(key: string): Value | undefined {
    const value = this.#all.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#all.delete(key);
    this.#all.set(key, value);
    if (this.#all.size > this.most) this.#all.delete(this.#all.keys().next().value!);
  }

  delete(key: string): void {
    this.#all.delete(key);
  }
}
