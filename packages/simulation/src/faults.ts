import { hashed } from './randomness.ts';

/** What may go wrong, each with its probability at every chance that it gets. */
export interface FaultRates {
  /** An instance dies before or after a call of one of its ports. */
  readonly crash: number;
  /** An instance stands still while another one takes its place; then it goes on, and does not know it. */
  readonly freeze: number;
  /** The bus delivers a message once more. */
  readonly duplicate: number;
  /** A delivery is lost on the way; it comes again once the bus has waited for its acknowledgement. */
  readonly drop: number;
  /** The bus loses for good what it has taken: its source has to send it again, once a later message shows it. */
  readonly forget: number;
  /** A delivery takes far longer than those behind it. */
  readonly reorder: number;
  /** The bus does not answer for a publication, whether it has taken it or not. */
  readonly lostAnswer: number;
  /** A commit is refused by the database, as a serialization failure is. */
  readonly refusedCommit: number;
  /** A commit is refused by a rule of the database: it is of no use to try again at once. */
  readonly brokenRule: number;
  /** The connection is lost during the commit: it may have happened. */
  readonly unknownCommit: number;
  /** The world outside answers late, or not at all, having done what was asked or not. */
  readonly outside: number;
  /** The clock of an instance jumps. */
  readonly clockJump: number;
}

export type FaultKind = keyof FaultRates;

export const NO_FAULTS: FaultRates = {
  crash: 0,
  freeze: 0,
  duplicate: 0,
  drop: 0,
  forget: 0,
  reorder: 0,
  lostAnswer: 0,
  refusedCommit: 0,
  brokenRule: 0,
  unknownCommit: 0,
  outside: 0,
  clockJump: 0,
};

export const SOME_FAULTS: FaultRates = {
  crash: 0.002,
  freeze: 0.001,
  duplicate: 0.05,
  drop: 0.03,
  forget: 0.02,
  reorder: 0.05,
  lostAnswer: 0.05,
  refusedCommit: 0.02,
  brokenRule: 0.01,
  unknownCommit: 0.01,
  outside: 0.15,
  clockJump: 0.001,
};

export type FaultCounts = Readonly<Record<FaultKind, number>>;

/**
 * Decides what goes wrong. Each chance has a number, and whether it strikes follows from the seed and that number
 * alone: so a run can be repeated with only some of its faults, to find the few that matter.
 */
export class Faults {
  readonly #struck: number[] = [];
  readonly #counts: Record<FaultKind, number> = { ...NO_FAULTS };
  #chances = 0;
  #isOver = false;

  constructor(
    private readonly seed: number,
    private readonly rates: FaultRates,
    /** Only these chances may strike; all of them where absent. */
    private readonly only?: ReadonlySet<number>,
  ) {}

  strikes(kind: FaultKind): boolean {
    const chance = this.#chances++;
    if (this.#isOver || this.rates[kind] === 0) return false;
    if (this.only && !this.only.has(chance)) return false;
    if (hashed(this.seed, chance) >= this.rates[kind]) return false;
    this.#struck.push(chance);
    this.#counts[kind] += 1;
    return true;
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.#isOver = true;
  }

  /** The numbers of the chances that struck. */
  get struck(): readonly number[] {
    return this.#struck;
  }

  get counts(): FaultCounts {
    return this.#counts;
  }
}
