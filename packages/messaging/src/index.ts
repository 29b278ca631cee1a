export type { Bus, Delivery, Gap, Receiver, Repair, Replay } from './bus.ts';
export { Consumer, type ConsumerObserver, type ConsumerOptions } from './consumer.ts';
export { type Contract, command, type Data, event, type Kind, violation } from './contract.ts';
export { type DeadLetterFilter, DeadLetters } from './dead-letters.ts';
export { type Inbox, type Line, lineId, type Mark, NEW_LINE } from './inbox.ts';
export { LocalBus } from './local-bus.ts';
export {
  contextOf,
  type Message,
  type OutboxRow,
  type Outgoing,
  outgoing,
  type Parcel,
  sequenceOf,
  unordered,
} from './message.ts';
export { messagingMigrations } from './migrations.ts';
export { type Draft, draft, type Outbox, PostgresOutbox } from './outbox.ts';
export type { OutboxRows, Page } from './outbox-rows.ts';
export { describe, type Failure, type ParkedHead, type ParkedMessage, type ParkingLot } from './parking-lot.ts';
export { OutboxPublisher, type PublisherOptions } from './publisher.ts';
export { forgetAbsent, type Registrations } from './registration.ts';
export { type MessageStorage, postgresMessageStorage } from './storage.ts';
export { type ConsumerDefinition, ContractViolationError, on, type Subscription } from './subscription.ts';
