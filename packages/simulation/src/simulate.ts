import type { FaultCounts, FaultRates } from './faults.ts';
import { SimulatedSystem } from './system.ts';
import { World } from './world.ts';

/** What is simulated: a system, what is done to it, what goes wrong meanwhile, and what has to hold in the end. */
export interface Simulation<System extends { readonly services: SimulatedSystem }> {
  system(services: SimulatedSystem): System;
  /** Resolves when all has been asked; what is asked may fail, or get no answer. */
  load(system: System): Promise<void>;
  readonly faults?: Partial<FaultRates>;
  /** Once the load is over, nothing goes wrong any more and the system has come to rest: what is broken, in words. */
  invariants(system: System): readonly string[];
}

export interface RunOptions {
  readonly seed: number;
  /** Only these chances of a fault strike; all that the seed draws where absent. */
  readonly only?: ReadonlySet<number>;
  readonly isTraced?: boolean;
}

export interface Run {
  readonly seed: number;
  /** What is broken, in words; nothing where all is well. */
  readonly broken: readonly string[];
  readonly faults: FaultCounts;
  /** The numbers of the chances that struck. */
  readonly struck: readonly number[];
  readonly happenings: number;
  readonly traceHash: string;
  readonly trace: readonly string[];
}

/** In the time of the world. */
const LOAD_WITHIN_MS = 10 * 60_000;
const QUIET_WITHIN_MS = 10 * 60_000;

/** Runs the system once, as the seed says. */
export async function simulate<System extends { readonly services: SimulatedSystem }>(
  { system: build, load, faults = {}, invariants }: Simulation<System>,
  { seed, only, isTraced = false }: RunOptions,
): Promise<Run> {
  const world = new World({ seed, faults, isTraced, ...(only && { only }) });
  const system = build(new SimulatedSystem(world));
  const broken = await through(world, async () => {
    const loaded = { isOver: false };
    load(system).then(
      () => {
        loaded.isOver = true;
      },
      (error) => world.fail(error),
    );
    if (!(await world.run(() => loaded.isOver, LOAD_WITHIN_MS))) return ['The load has not come to its end.'];
    world.faults.end();
    world.note('nothing goes wrong any more');
    if (!(await world.run(() => system.services.unrest.length === 0, QUIET_WITHIN_MS)))
      return system.services.unrest.map((what) => `It does not come to rest: ${what}.`);
    return invariants(system);
  });
  const { faultCounts, happenings, traceHash, trace } = world;
  return { seed, broken, faults: faultCounts, struck: world.faults.struck, happenings, traceHash, trace };
}

async function through(world: World, work: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await work();
  } catch (error) {
    world.note(`the run fails: ${String(error)}`);
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

/**
 * The fewest faults that a broken run needs, by delta debugging (Zeller and Hildebrandt 2002): halves, quarters and
 * so on are left out as long as it stays broken.
 */
export async function shorten<System extends { readonly services: SimulatedSystem }>(
  simulation: Simulation<System>,
  run: Run,
  { mostRuns = 200 } = {},
): Promise<Run> {
  let shortest = run;
  let runs = 0;
  for (let parts = 2; parts <= shortest.struck.length && runs < mostRuns; ) {
    const size = Math.ceil(shortest.struck.length / parts);
    let found: Run | undefined;
    for (let from = 0; from < shortest.struck.length && !found && runs < mostRuns; from += size, runs++) {
      const only = new Set(shortest.struck.filter((_, at) => at < from || at >= from + size));
      const next = await simulate(simulation, { seed: run.seed, only });
      if (next.broken.length > 0 && next.struck.length < shortest.struck.length) found = next;
    }
    if (found) {
      shortest = found;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(parts * 2, shortest.struck.length);
  }
  return simulate(simulation, { seed: run.seed, only: new Set(shortest.struck), isTraced: true });
}
