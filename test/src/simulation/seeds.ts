import type { TestContext } from 'node:test';
import {
  type FaultCounts,
  type FaultKind,
  type Run,
  type SimulatedSystem,
  type Simulation,
  shorten,
  simulate,
} from '@ashlar/simulation';
import { mailRoom } from './mail-room.ts';
import { shopSimulation } from './simulated-shop.ts';

type AnySimulation = Simulation<{ readonly services: SimulatedSystem }>;

/** Everything that runs under simulation, by name. */
export const SIMULATIONS = {
  orchestration: shopSimulation('orchestration') as unknown as AnySimulation,
  choreography: shopSimulation('choreography') as unknown as AnySimulation,
  'mail-room': mailRoom as unknown as AnySimulation,
} as const;

export type SimulationName = keyof typeof SIMULATIONS;

const TRACE_LINES = 120;

/**
 * Runs so many seeds; fails with the first that breaks something, shortened. Tells how many faults of each kind
 * struck.
 */
export async function seedsHold(
  t: Pick<TestContext, 'diagnostic'>,
  name: SimulationName,
  { from = 1, count }: { from?: number; count: number },
): Promise<void> {
  const faults = new FaultSum();
  for (let seed = from; seed < from + count; seed++) {
    const run = await simulate(SIMULATIONS[name], { seed });
    if (run.broken.length > 0) throw new Error(await story(name, run));
    faults.add(run.faults);
  }
  t.diagnostic(`${name}: ${count} seeds from ${from}; ${faults}`);
}

/** How often each fault has struck. */
export class FaultSum {
  readonly #sums = new Map<FaultKind, number>();

  add(counts: FaultCounts): void {
    for (const [kind, count] of Object.entries(counts) as [FaultKind, number][])
      this.#sums.set(kind, (this.#sums.get(kind) ?? 0) + count);
  }

  toString(): string {
    return [...this.#sums].map(([kind, count]) => `${kind} ${count}`).join(', ');
  }
}

/** What is broken, by which few faults, how it came about, and how to see it again. */
export async function story(name: SimulationName, run: Run): Promise<string> {
  const shortest = await shorten(SIMULATIONS[name], run);
  return [
    `Seed ${run.seed} breaks ${name}:`,
    ...run.broken.slice(0, 10).map((what) => `  ${what}`),
    `${shortest.struck.length} of its ${run.struck.length} faults are enough for:`,
    ...shortest.broken.slice(0, 10).map((what) => `  ${what}`),
    `The last ${TRACE_LINES} lines of that run (milliseconds, then what happened):`,
    ...shortest.trace.slice(-TRACE_LINES).map((line) => `  ${line}`),
    `Again: npm run simulate -- ${name} --seed ${run.seed} --only ${shortest.struck.join(',') || 'none'}`,
  ].join('\n');
}
