import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { SIMULATIONS, type SimulationName } from '../simulation/seeds.ts';
import { seedsHold } from '../simulation/seeds-hold.ts';

/** Two thousand of the shop, half of them in each style. */
const SEEDS: Readonly<Record<SimulationName, number>> = {
  orchestration: 1_000,
  choreography: 1_000,
  'mail-room': 667,
};

for (const name of Object.keys(SIMULATIONS) as SimulationName[])
  test(`${name} holds for ${SEEDS[name]} seeds`, (t) =>
    seedsHold(t, name, { from: 10_001, count: SEEDS[name], workers: availableParallelism() }));
