import type { FaultCounts, FaultKind } from './faults.ts';
import { shorten } from './shorten.ts';
import { FAULTS_ARE_OVER, isRestless, type Run, type Simulation, simulate } from './simulate.ts';
import type { SimulatedSystem } from './system.ts';

export interface Search {
  /** The first seed; 1 by default. */
  readonly from?: number;
  readonly count: number;
  /**
   * How a run that breaks something is seen again: the command that has begun this search, which then obeys SEED and
   * FAULTS of its environment, or a command of your own with the seed and the faults that are enough.
   */
  readonly again: string | ((seed: number, faults: readonly number[]) => string);
}

const TRACE_LINES = 120;
const MOST_WORDS = 10;

/**
 * Runs so many seeds; answers how often each fault has struck. Rejects with the story of the first seed that breaks
 * something.
 */
export async function searchSeeds<System extends { readonly services: SimulatedSystem }>(
  simulation: Simulation<System>,
  { from = 1, count, again }: Search,
): Promise<FaultSum> {
  const wanted = typeof again === 'string' ? wantedOf(process.env) : undefined;
  const faults = new FaultSum();
  for (let seed = wanted?.seed ?? from; seed < (wanted ? wanted.seed + 1 : from + count); seed++) {
    const run = await simulate(simulation, { ...wanted, seed });
    if (run.broken.length > 0) throw new Error(await story(simulation, run, again));
    faults.add(run.faults);
  }
  return faults;
}

/** The one run that is asked for: `SEED=17 FAULTS=12,97`, or `FAULTS=none`. */
function wantedOf({ SEED, FAULTS }: NodeJS.ProcessEnv) {
  if (SEED === undefined) return undefined;
  const seed = Number(SEED);
  if (!Number.isSafeInteger(seed)) throw new TypeError(`SEED is a whole number, not ${SEED}.`);
  if (FAULTS === undefined) return { seed };
  return { seed, only: new Set(FAULTS === 'none' ? [] : FAULTS.split(',').map(Number)) };
}

const commandOf = (again: Search['again'], { seed, struck }: Run): string =>
  typeof again === 'string' ? `SEED=${seed} FAULTS=${struck.join(',') || 'none'} ${again}` : again(seed, struck);

/** What is broken, by which few faults, how it came about, and how to see it again. */
export async function story<System extends { readonly services: SimulatedSystem }>(
  simulation: Simulation<System>,
  run: Run,
  again: Search['again'],
): Promise<string> {
  const shortest = await shorten(simulation, run);
  return [
    `Seed ${run.seed} breaks something:`,
    ...run.broken.slice(0, MOST_WORDS).map((what) => `  ${what}`),
    `${shortest.struck.length} of its ${run.struck.length} faults are enough for:`,
    ...shortest.broken.slice(0, MOST_WORDS).map((what) => `  ${what}`),
    ...tellingOf(shortest),
    `Again: ${commandOf(again, shortest)}`,
  ].join('\n');
}

/** Where it does not come to rest the cause lies before its faults ended, and most of what follows is waiting. */
export function tellingOf(run: Pick<Run, 'trace' | 'broken'>): string[] {
  const { trace } = run;
  const over = isRestless(run) ? trace.findIndex((line) => line.endsWith(FAULTS_ARE_OVER)) : -1;
  const end = over === -1 ? trace.length : Math.min(trace.length, over + TRACE_LINES / 2);
  const lines = trace.slice(Math.max(0, end - TRACE_LINES), end);
  const which = end < trace.length ? `${lines.length} of the ${trace.length}` : `The last ${lines.length}`;
  return [`${which} lines of that run (milliseconds, then what happened):`, ...lines.map((line) => `  ${line}`)];
}

/** How often each fault has struck. */
export class FaultSum {
  readonly #sums = new Map<FaultKind, number>();

  add(counts: FaultCounts): void {
    for (const [kind, count] of Object.entries(counts) as [FaultKind, number][])
      this.#sums.set(kind, (this.#sums.get(kind) ?? 0) + count);
  }

  of(kind: FaultKind): number {
    return this.#sums.get(kind) ?? 0;
  }

  toString(): string {
    return [...this.#sums].map(([kind, count]) => `${kind} ${count}`).join(', ');
  }
}
