import { RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';

export interface ComingVersionsOptions {
  readonly name: string;
  readonly tell: (coming: ReadonlyMap<string, number>) => Promise<void>;
  readonly endEpoch: () => Statement;
}

/**
 * The versions that there will be if a transaction is committed. Redis hears of them before, or the commit ends the
 * epoch. Where the transaction fails, it has forgotten something in vain.
 */
export class ComingVersions implements WriteBuffer {
  readonly rank = RANK.others;
  readonly name: string;
  readonly #coming: (readonly [key: string, version: number])[] = [];
  #isLost = false;

  constructor(private readonly options: ComingVersionsOptions) {
    this.name = `copies ${options.name}`;
  }

  add(key: string, version: number): void {
    this.#coming.push([key, version]);
  }

  mark(): number {
    return this.#coming.length;
  }

  restore(mark: unknown): void {
    this.#coming.length = mark as number;
  }

  async prepare(): Promise<void> {
    if (this.#coming.length === 0) return;
    try {
      // Versions of one key grow within a transaction: the last one counts.
      await this.options.tell(new Map(this.#coming));
    } catch {
      this.#isLost = true;
    }
  }

  flush(): readonly Statement[] {
    return this.#isLost ? [this.options.endEpoch()] : [];
  }
}
