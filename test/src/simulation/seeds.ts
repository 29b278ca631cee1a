import { type Run, type SimulatedSystem, type Simulation, story as storyOf } from '@ashlar/simulation';
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

/** What is broken, by which few faults, how it came about, and how to see it again. */
export const story = (name: SimulationName, run: Run): Promise<string> =>
  storyOf(SIMULATIONS[name], run, (seed, faults) => {
    return `npm run simulate -- ${name} --seed ${seed} --only ${faults.join(',') || 'none'}`;
  });
