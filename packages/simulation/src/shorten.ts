import { type Run, type Simulation, simulate } from './simulate.ts';
import type { SimulatedSystem } from './system.ts';

/**
 * The fewest faults that a broken run needs, by delta debugging (Zeller and Hildebrandt 2002): all, halves, quarters
 * and so on are left out as long as it stays broken. Answers that run, with its trace.
 */
export async function shorten<System extends { readonly services: SimulatedSystem }>(
  simulation: Simulation<System>,
  run: Run,
  { mostRuns = 200 } = {},
): Promise<Run> {
  const { seed } = run;
  let shortest = run;
  let runs = 0;
  for (let parts = 1; parts <= shortest.struck.length && runs < mostRuns; ) {
    const size = Math.ceil(shortest.struck.length / parts);
    let found: Run | undefined;
    for (let from = 0; from < shortest.struck.length && !found && runs < mostRuns; from += size, runs++) {
      const only = new Set(shortest.struck.filter((_, at) => at < from || at >= from + size));
      const next = await simulate(simulation, { seed, only });
      if (next.broken.length > 0 && next.struck.length < shortest.struck.length) found = next;
    }
    if (found) {
      shortest = found;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(parts * 2, shortest.struck.length);
  }
  return simulate(simulation, { seed, only: new Set(shortest.struck), isTraced: true });
}
