export type { Decider } from './decider.ts';
export { type EventCodec, EventSourced, type EventSourcedOptions, type Loaded } from './event-sourced.ts';
export {
  type Append,
  type EventStore,
  type ExpectedVersion,
  type NewEvent,
  PostgresEventStore,
  type ReadOptions,
  type Snapshot,
  type StoredEvent,
} from './event-store.ts';
export { given } from './given.ts';
export { eventStoreMigrations } from './migrations.ts';
