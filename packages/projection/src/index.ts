export { EventProjection, type EventProjectionOptions } from './event-projection.ts';
export {
  MessageProjection,
  type MessageProjectionOptions,
  type OwnFacts,
  type Restatement,
} from './message-projection.ts';
export { projectionMigrations } from './migrations.ts';
export type { WholeRow } from './model-buffer.ts';
export type { Projection, ProjectionStatus, RebuildStatus } from './projection.ts';
export type { ReadModel, ReadModelDefinition } from './read-model.ts';
