import { type MessageStage, messageStorageContract } from '@ashlar/messaging/contract-suites';
import { aSimulatedPlatform, type StandalonePlatform } from '../standalone-platform.ts';
import { memoryMessageStorage } from './memory-messages.ts';

const stageOf = (platform: StandalonePlatform): MessageStage => ({
  storage: memoryMessageStorage({ work: platform.work, stored: platform.stored.messages }),
  outbox: platform.outbox,
  committed: platform.committed,
  another: () => stageOf(platform.another()),
  passes: (ms) => platform.passes(ms),
});

messageStorageContract('memory', { makeStage: async (t) => stageOf(aSimulatedPlatform(t)) });
