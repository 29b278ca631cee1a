export type {
  Bus,
  BusSubscription,
  Delivery,
  Gap,
  Overhearing,
  PublishOptions,
  Receiver,
  Repair,
  Replay,
} from './bus.ts';
export { Consumer } from './consumer.ts';
export type { ConsumerObserver, ConsumerOptions } from './consumer-options.ts';
export {
  type Answers,
  type Contract,
  command,
  type Data,
  event,
  type Kind,
  type Past,
  upcast,
  violation,
} from './contract.ts';
export { type DeadLetterFilter, DeadLetters } from './dead-letters.ts';
export { type Inbox, type Line, lineId, lineOf, type Mark, NEW_LINE } from './inbox.ts';
export { Lateness, type ParkedCount, type UnpublishedCount } from './lateness.ts';
export { type Holder, holderName, type Lease, type Leases, type Renewal } from './leases.ts';
export { LocalBus } from './local-bus.ts';
export {
  contextOf,
  latest,
  type Message,
  type MessageContext,
  type OutboxRow,
  type Outgoing,
  outgoing,
  type Parcel,
  sequenceOf,
  toMessageContext,
  unordered,
} from './message.ts';
export { messagingMigrations } from './migrations.ts';
export { type Draft, draft, type Outbox, PostgresOutbox, withoutOutdated } from './outbox.ts';
export type { Missing, OutboxRows, Page } from './outbox-rows.ts';
export {
  describe,
  type Failure,
  MOVE_AT_ONCE,
  OutdatedError,
  type ParkedHead,
  type ParkedMessage,
  type ParkingLot,
} from './parking-lot.ts';
export { parkedLines, publishedLines } from './published-lines.ts';
export { OutboxPublisher, type PublisherOptions } from './publisher.ts';
export type { Custody, NotedReceipt, Receipt, Receipts } from './receipts.ts';
export { forgetAbsent, type Registrations } from './registration.ts';
export { type Claim, type Duty, Replica, type ReplicaOptions, type Sharing, type Tenant } from './replica.ts';
export { type SaidMessage, saidMessages } from './said-messages.ts';
export { type MessageStorage, postgresMessageStorage } from './storage.ts';
export { type ConsumerDefinition, ContractViolationError, dataOf, on, type Subscription } from './subscription.ts';
