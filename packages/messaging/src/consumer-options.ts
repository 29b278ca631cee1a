import type { Chance, Clock, Timers } from '@ashlar/domain';
import type { Tracing } from '@ashlar/telemetry';
import type { Bus } from './bus.ts';
import type { Message, Parcel } from './message.ts';
import type { Duty, Sharing } from './replica.ts';
import type { MessageStorage } from './storage.ts';
import type { ConsumerDefinition } from './subscription.ts';

/** Hooks for metrics and logs. */
export interface ConsumerObserver {
  /** An attempt begins, inside the message's span; the returned function is called at its end, with any failure. */
  begins?(consumer: string, message: Message): (failure?: unknown) => void;
  handled?(consumer: string, message: Message): void;
  parked?(consumer: string, message: Message, error: unknown): void;
  /** A message is dropped as handled, and was said long after the one that bears the mark: its source was restored. */
  numberedAgain?(consumer: string, parcel: Parcel): void;
  failed?(consumer: string, error: unknown): void;
}

export interface ConsumerOptions {
  readonly definition: ConsumerDefinition;
  readonly storage: MessageStorage;
  readonly bus: Bus;
  readonly tracing: Tracing;
  readonly nextId: () => string;
  readonly observer?: ConsumerObserver;
  readonly timers?: Timers;
  readonly chance?: Chance;
  readonly clock?: Clock;
  /** Shares the partitions of a channel among the replicas of the service. */
  readonly sharing?: Sharing | undefined;
  /** Which replica purges inbox marks; every one by default. */
  readonly upkeep?: Duty | undefined;
  /** The sources' longest retention, in milliseconds; marks of idle lines are kept twice as long. 24 h by default. */
  readonly retentionMs?: number;
}
