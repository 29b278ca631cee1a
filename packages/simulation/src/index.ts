export { type FaultCounts, type FaultKind, type FaultRates, NO_FAULTS, SOME_FAULTS } from './faults.ts';
export { MemoryEventStore, type StoredEvents } from './memory/memory-event-store.ts';
export { MemorySagaStore, type StoredSagas } from './memory/memory-sagas.ts';
export { MemoryStates, type StoredStates } from './memory/memory-states.ts';
export { ChangeList, type MemoryWork } from './memory/memory-work.ts';
export { Randomness } from './randomness.ts';
export { type Run, type RunOptions, type Simulation, shorten, simulate } from './simulate.ts';
export {
  type Deployment,
  type SimulatedDefinition,
  type SimulatedPlatform,
  type SimulatedService,
  SimulatedSystem,
  type StoredService,
} from './system.ts';
export { World, type WorldOptions } from './world.ts';
