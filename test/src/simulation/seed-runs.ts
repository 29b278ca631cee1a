import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { FaultCounts } from '@ashlar/simulation';
import type { SimulationName } from './seeds.ts';

export interface SeedTask {
  readonly name: SimulationName;
  readonly seed: number;
  /** Of a run that breaks something only tells what: it is not shortened. */
  readonly isTerse: boolean;
}

export interface SeedResult extends SeedTask {
  readonly faults: FaultCounts;
  readonly happenings: number;
  /** What there is to tell of a run that breaks something. */
  readonly story?: string;
}

export interface SeedRuns {
  readonly workers: number;
  /** The next seed to run; nothing when there is none any more. */
  readonly next: () => SeedTask | undefined;
  readonly onResult: (result: SeedResult) => void;
}

/**
 * Runs seeds in threads of their own, until there is none any more. The thread of a test would take twice as long:
 * Node's runner follows every promise that is made in it.
 */
export async function runSeeds({ workers, next, onResult }: SeedRuns): Promise<void> {
  const work = async () => {
    const worker = new Worker(new URL('./seed-worker.js', import.meta.url));
    try {
      for (let task = next(); task; task = next()) onResult(await answer(worker, task));
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

async function answer(worker: Worker, task: SeedTask): Promise<SeedResult> {
  const over = new AbortController();
  const { signal } = over;
  worker.postMessage(task);
  const [result] = await Promise.race([once(worker, 'message', { signal }), once(worker, 'exit', { signal })]);
  over.abort();
  if (typeof result === 'number') throw new Error(`A worker has ended with ${result}.`);
  return result as SeedResult;
}
