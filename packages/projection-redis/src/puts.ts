import { RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';
import type { Versioned } from './redis-read-model.ts';

export interface PutsOptions<Value> {
  readonly name: string;
  readonly write: (entries: ReadonlyMap<string, Versioned<Value>>) => Promise<void>;
  /** Begins the next epoch. */
  readonly next: () => Statement;
}

/**
 * What the events of a transaction have put. It reaches Redis before the commit, or the commit ends the epoch: so
 * whatever crashes when, no entry that is still read has missed an event that counts as handled.
 */
export class Puts<Value> implements WriteBuffer {
  readonly rank = RANK.others;
  readonly name: string;
  readonly #entries: { readonly id: string; readonly entry: Versioned<Value> }[] = [];
  #isLost = false;

  constructor(private readonly options: PutsOptions<Value>) {
    this.name = `redis ${options.name}`;
  }

  add(id: string, entry: Versioned<Value>): void {
    this.#entries.push({ id, entry });
  }

  mark(): number {
    return this.#entries.length;
  }

  restore(mark: unknown): void {
    this.#entries.length = mark as number;
  }

  async prepare(): Promise<void> {
    const newest = new Map<string, Versioned<Value>>();
    for (const { id, entry } of this.#entries) {
      if ((newest.get(id)?.version ?? 0) < entry.version) newest.set(id, entry);
    }
    if (newest.size === 0) return;
    try {
      await this.options.write(newest);
    } catch {
      this.#isLost = true;
    }
  }

  flush(): readonly Statement[] {
    return this.#isLost ? [this.options.next()] : [];
  }
}
