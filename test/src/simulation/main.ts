import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FaultSum, simulate } from '@ashlar/simulation';
import { runSeeds, type SeedTask } from './seed-runs.ts';
import { SIMULATIONS, type SimulationName } from './seeds.ts';

const HELP = `Usage: npm run simulate -- [orchestration|choreography|mail-room …] [options]

Runs the whole system under seeded faults, and checks its invariants at the end of each run; all where none is named.

  --minutes N    runs ever new seeds for so long; 1 by default
  --seeds N      runs so many seeds instead
  --from N       the first seed; by default one that depends on the time
  --seed N       runs this one seed, and prints its trace
  --only A,B,C   with --seed: only these of its faults strike; none for none of them
  --workers N    on so many threads; by default as many as there are cores
  --tersely      of a run that breaks something only tells what: it is not shortened`;

const names = Object.keys(SIMULATIONS) as SimulationName[];

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    options: {
      minutes: text,
      seeds: text,
      from: text,
      seed: text,
      only: text,
      workers: text,
      tersely: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const unknown = positionals.filter((one) => !names.includes(one as SimulationName));
  if (unknown.length > 0)
    throw new Error(`There is no simulation ${unknown.join(', ')}: there are ${names.join(', ')}.`);
  const chosen = positionals.length > 0 ? (positionals as SimulationName[]) : names;
  if (values.seed !== undefined) return oneSeed(chosen, numberOf('--seed', values.seed), values.only);
  const from = values.from === undefined ? Date.now() % 1_000_000_000 : numberOf('--from', values.from);
  const seeds = values.seeds === undefined ? Number.POSITIVE_INFINITY : numberOf('--seeds', values.seeds);
  const minutes = values.seeds === undefined ? numberOf('--minutes', values.minutes ?? '1') : Number.POSITIVE_INFINITY;
  const workers = values.workers === undefined ? availableParallelism() : numberOf('--workers', values.workers);
  return manySeeds(chosen, { from, seeds, minutes, workers, isTerse: values.tersely });
}

function numberOf(option: string, value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new Error(`${option} takes a number, not ${value}.`);
  return number;
}

async function oneSeed(chosen: readonly SimulationName[], seed: number, only: string | undefined): Promise<number> {
  let code = 0;
  for (const name of chosen) {
    const faults = only === undefined ? undefined : new Set(only === 'none' ? [] : only.split(',').map(Number));
    const run = await simulate(SIMULATIONS[name], { seed, isTraced: true, ...(faults && { only: faults }) });
    for (const line of run.trace) console.log(line);
    for (const what of run.broken) console.log(`BROKEN ${what}`);
    console.log(`${name}, seed ${seed}: ${run.broken.length} broken, ${run.happenings} happenings, ${run.traceHash}`);
    if (run.broken.length > 0) code = 1;
  }
  return code;
}

interface Plan {
  readonly from: number;
  readonly seeds: number;
  readonly minutes: number;
  readonly workers: number;
  readonly isTerse: boolean;
}

/** Ends with the first seed that breaks something. */
async function manySeeds(chosen: readonly SimulationName[], plan: Plan): Promise<number> {
  const { from, seeds, minutes, workers, isTerse } = plan;
  const end = performance.now() + minutes * 60_000;
  const faults = new FaultSum();
  let [next, done] = [0, 0];
  let broken: string | undefined;
  const task = (): SeedTask | undefined => {
    const at = next++;
    if (broken || at >= seeds * chosen.length || performance.now() >= end) return undefined;
    return { name: chosen[at % chosen.length]!, seed: from + Math.floor(at / chosen.length), isTerse };
  };
  const told = setInterval(() => console.error(`${done} runs, from seed ${from}; ${faults}`), 5_000);
  await runSeeds({
    workers,
    next: task,
    onResult(result) {
      done += 1;
      faults.add(result.faults);
      broken ??= result.story;
    },
  }).finally(() => clearInterval(told));
  console.log(broken ?? `${done} runs of ${chosen.join(', ')} from seed ${from} keep every invariant; ${faults}`);
  return broken ? 1 : 0;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(`simulate: ${error.message}`);
  return 2;
});
process.exit();
