export type { Bus, Delivery, Gap, Receiver, Repair, Replay } from './bus.ts';
export { Consumer, type ConsumerObserver, type ConsumerOptions } from './consumer.ts';
export { type Contract, command, type Data, event, type Kind, violation } from './contract.ts';
export { type DeadLetterFilter, DeadLetters } from './dead-letters.ts';
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
export { type Outbox, PostgresOutbox } from './outbox.ts';
export type { ParkedMessage } from './parking-lot.ts';
export { OutboxPublisher, type PublisherOptions } from './publisher.ts';
export { forgetAbsent, type Registrations } from './registration.ts';
export { type MessageStorage, postgresMessageStorage } from './storage.ts';
export { type ConsumerDefinition, ContractViolationError, on, type Subscription } from './subscription.ts';
