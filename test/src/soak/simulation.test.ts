import { test } from 'node:test';
import { SIMULATIONS, type SimulationName, seedsHold } from '../simulation/seeds.ts';

/** Two thousand in all. */
const SEEDS = 667;

for (const name of Object.keys(SIMULATIONS) as SimulationName[])
  test(`${name} holds for ${SEEDS} seeds`, (t) => seedsHold(t, name, { from: 10_001, count: SEEDS }));
