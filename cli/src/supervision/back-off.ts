const FIRST_MS = 50;
const SECOND_MS = 500;
const LONGEST_MS = 15_000;
/** Whoever has done well for so long has not died of how it started. */
const WELL_AFTER_MS = 10_000;

/** When a replica that has died is started again: at once, then later and later. */
export class BackOff {
  #deaths = 0;
  #readySince: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  ready(): void {
    this.#readySince = this.now();
  }

  /** How long to wait, now that it has died. */
  died(): number {
    if (this.#readySince !== undefined && this.now() - this.#readySince >= WELL_AFTER_MS) this.#deaths = 0;
    this.#readySince = undefined;
    this.#deaths += 1;
    return this.#deaths === 1 ? FIRST_MS : Math.min(LONGEST_MS, SECOND_MS * 2 ** (this.#deaths - 2));
  }
}
