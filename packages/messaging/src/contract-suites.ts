export { type BatchOptions, tripsOfBatch } from './batch-trips.fixtures.ts';
export { type BusContractOptions, busContract } from './bus.contract.ts';
export type { MessageStage } from './message-stage.fixtures.ts';
export { messageStorageContract } from './message-storage.contract.ts';
export { aMessage } from './messaging.fixtures.ts';
export { overhearingContract } from './overhearing.contract.ts';
export { usePostgresRepositories } from './repository-stage.fixtures.ts';
