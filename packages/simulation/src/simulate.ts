import type { FaultCounts, FaultRates } from './faults.ts';
import { misheard } from './hearing.ts';
import { SimulatedSystem } from './system.ts';
import { World } from './world.ts';

/** What is simulated: a system, what is done to it, what goes wrong meanwhile, and what has to hold in the end. */
export interface Simulation<System extends { readonly services: SimulatedSystem }> {
  system(services: SimulatedSystem): System;
  /** Resolves when all has been asked; what is asked may fail, or get no answer. */
  load(system: System): Promise<void>;
  readonly faults?: Partial<FaultRates>;
  /**
   * Once the load is over, nothing goes wrong any more and the system has come to rest: what is broken, in words. That
   * everybody has heard everything is seen to anyway.
   */
  invariants(system: System): readonly string[];
}

/** The same, with the type of the system found out: `defineSimulation({ system, load, faults, invariants })`. */
export const defineSimulation = <System extends { readonly services: SimulatedSystem }>(
  simulation: Simulation<System>,
): Simulation<System> => simulation;

export interface RunOptions {
  /** 1 by default. */
  readonly seed?: number;
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

/** What the trace says when the load has ended. */
export const FAULTS_ARE_OVER = 'nothing goes wrong any more';
const RESTLESS = 'It does not come to rest: ';
export const isRestless = ({ broken }: Pick<Run, 'broken'>): boolean =>
  broken.some((what) => what.startsWith(RESTLESS));
/** In the time of the world. */
const LOAD_WITHIN_MS = 10 * 60_000;
const QUIET_WITHIN_MS = 10 * 60_000;

/** Runs the system once, as the seed says. */
export async function simulate<System extends { readonly services: SimulatedSystem }>(
  { system: build, load, faults = {}, invariants }: Simulation<System>,
  { seed = 1, only, isTraced = false }: RunOptions = {},
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
    world.note(FAULTS_ARE_OVER);
    if (!(await world.run(() => system.services.unrest.length === 0, QUIET_WITHIN_MS)))
      return system.services.unrest.map((what) => `${RESTLESS}${what}.`);
    return [...misheard(system.services.deployments), ...invariants(system)];
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
