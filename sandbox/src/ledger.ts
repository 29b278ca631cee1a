import { Journal } from './journal.ts';

export interface LedgerOptions<Deed> {
  readonly file: string;
  readonly keyOf: (deed: Deed) => string;
  readonly log: (line: string) => void;
  /** How many deeds are remembered. */
  readonly keep: number;
}

/** What a part of the outside world has done, by key, the latest last. It survives the process. */
export class Ledger<Deed> {
  readonly #deeds = new Map<string, Deed>();
  readonly #journal: Journal<Deed>;
  readonly #options: LedgerOptions<Deed>;

  constructor(options: LedgerOptions<Deed>) {
    this.#options = options;
    const { journal, entries } = Journal.open<Deed>(options.file, options.log);
    this.#journal = journal;
    for (const deed of entries) this.#remember(deed);
    if (entries.length > this.#deeds.size) journal.compact([...this.#deeds.values()]);
  }

  find(key: string): Deed | undefined {
    return this.#deeds.get(key);
  }

  latest(count: number): Deed[] {
    return [...this.#deeds.values()].slice(-count).reverse();
  }

  /** Written first and known afterwards: what cannot be written has not been done. */
  record(deed: Deed): Deed {
    this.#journal.append(deed);
    this.#remember(deed);
    return deed;
  }

  close(): void {
    this.#journal.close();
  }

  #remember(deed: Deed): void {
    const key = this.#options.keyOf(deed);
    this.#deeds.delete(key);
    this.#deeds.set(key, deed);
    if (this.#deeds.size <= this.#options.keep) return;
    const [oldest] = this.#deeds.keys();
    if (oldest !== undefined) this.#deeds.delete(oldest);
  }
}
