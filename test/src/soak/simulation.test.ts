import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { SIMULATIONS, type SimulationName } from '../simulation/seeds.ts';
import { seedsHold } from '../simulation/seeds-hold.ts';

/** Two thousand in all. */
const SEEDS = 667;

for (const name of Object.keys(SIMULATIONS) as SimulationName[])
  test(`${name} holds for ${SEEDS} seeds`, (t) =>
    seedsHold(t, name, { from: 10_001, count: SEEDS, workers: availableParallelism() }));
