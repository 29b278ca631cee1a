export { type FaultCounts, type FaultKind, type FaultRates, NO_FAULTS, SOME_FAULTS } from './faults.ts';
export { check, references, unique } from './memory/memory-constraints.ts';
export { MemoryEventStore, type StoredEvents } from './memory/memory-event-store.ts';
export { PERSONAL_KEYS, type StoredPersonalKey, simulatedVault } from './memory/memory-personal-keys.ts';
export { MemorySagaStore, type StoredSagas } from './memory/memory-sagas.ts';
export { MemoryStates, type StoredStates } from './memory/memory-states.ts';
export { ChangeList, type MemoryWork } from './memory/memory-work.ts';
export { onMemory } from './memory-stage.ts';
export { Randomness } from './randomness.ts';
export { FaultSum, type Search, searchSeeds, story } from './search.ts';
export { shorten } from './shorten.ts';
export { defineSimulation, type Run, type RunOptions, type Simulation, simulate } from './simulate.ts';
export type { SimulatedPlatform } from './simulated-platform.ts';
export { aSimulatedPlatform, type StandalonePlatform } from './standalone-platform.ts';
export type { StoredService } from './stored-service.ts';
export {
  type Deployment,
  type SimulatedDefinition,
  type SimulatedService,
  SimulatedSystem,
} from './system.ts';
export { World, type WorldOptions } from './world.ts';
