import { type EventStage, eventStoreContract } from '@ashlar/event-store/contract-suites';
import { aSimulatedPlatform, type StandalonePlatform } from '../standalone-platform.ts';
import { MemoryEventStore } from './memory-event-store.ts';

const stageOf = (platform: StandalonePlatform): EventStage => ({
  work: platform.work,
  store: new MemoryEventStore(platform.work, platform.stored.events),
  another: () => stageOf(platform.another()),
  passes: (ms) => platform.passes(ms),
});

eventStoreContract('memory', { makeStage: async (t) => stageOf(aSimulatedPlatform(t)) });
