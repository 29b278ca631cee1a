import type { TestContext } from 'node:test';
import { FaultSum } from '@ashlar/simulation';
import { runSeeds } from './seed-runs.ts';
import type { SimulationName } from './seeds.ts';

/**
 * Runs so many seeds; fails with the first that breaks something, shortened. Tells how many faults of each kind
 * struck.
 */
export async function seedsHold(
  t: Pick<TestContext, 'diagnostic'>,
  name: SimulationName,
  { from = 1, count, workers = 1 }: { from?: number; count: number; workers?: number },
): Promise<void> {
  const faults = new FaultSum();
  let seed = from;
  let broken: string | undefined;
  await runSeeds({
    workers,
    next: () => (broken === undefined && seed < from + count ? { name, seed: seed++, isTerse: false } : undefined),
    onResult(result) {
      faults.add(result.faults);
      broken ??= result.story;
    },
  });
  if (broken !== undefined) throw new Error(broken);
  t.diagnostic(`${name}: ${count} seeds from ${from}; ${faults}`);
}
