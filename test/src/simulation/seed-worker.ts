import { parentPort } from 'node:worker_threads';
import { simulate } from '@ashlar/simulation';
import type { SeedResult, SeedTask } from './seed-runs.ts';
import { SIMULATIONS, story } from './seeds.ts';

async function run({ name, seed, isTerse }: SeedTask): Promise<SeedResult> {
  const done = await simulate(SIMULATIONS[name], { seed });
  const { faults, happenings, broken } = done;
  if (broken.length === 0) return { name, seed, isTerse, faults, happenings };
  const told = isTerse ? [`Seed ${seed} breaks ${name}:`, ...broken.map((what) => `  ${what}`)].join('\n') : undefined;
  return { name, seed, isTerse, faults, happenings, story: told ?? (await story(name, done)) };
}

parentPort?.on('message', async (task: SeedTask) => parentPort?.postMessage(await run(task)));
