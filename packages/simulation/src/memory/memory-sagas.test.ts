import { type SagaStage, sagaStoreContract } from '@ashlar/saga/contract-suites';
import { aSimulatedPlatform, type StandalonePlatform } from '../standalone-platform.ts';
import { MemorySagaStore } from './memory-sagas.ts';

const stageOf = (platform: StandalonePlatform): SagaStage => ({
  work: platform.work,
  store: (name) => new MemorySagaStore(platform.work, platform.stored.sagas, name),
  another: () => stageOf(platform.another()),
  passes: (ms) => platform.passes(ms),
});

sagaStoreContract('memory', { makeStage: async (t) => stageOf(aSimulatedPlatform(t)) });
