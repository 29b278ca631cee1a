export type { Decider } from './decider.ts';
export { EventArchive, type EventArchiveOptions } from './event-archive.ts';
export { type EventCodec, EventSourced, type EventSourcedOptions, flatCodec, type Loaded } from './event-sourced.ts';
export {
  type Append,
  type EventStore,
  type ExpectedVersion,
  type NewEvent,
  PostgresEventStore,
  type ReadAllOptions,
  type ReadOptions,
  type Snapshot,
  type StoredEvent,
} from './event-store.ts';
export { EventTypes, eventTypes, UnknownEventError, type Upcast, UpcastError } from './event-types.ts';
export { given } from './given.ts';
export { eventStoreMigrations } from './migrations.ts';
export { checkAppend, checkReading, checkStream } from './storable.ts';
