export type { EventStage } from './event-stage.fixtures.ts';
export { eventStoreContract } from './event-store.contract.ts';
