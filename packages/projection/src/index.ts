export { EventProjection, type EventProjectionOptions } from './event-projection.ts';
export { type MessageProjectionOptions, messageProjection } from './message-projection.ts';
export { projectionMigrations } from './migrations.ts';
export { type ProjectionStatus, projectionStatuses } from './projection-status.ts';
