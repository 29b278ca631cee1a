import type { Chance, Clock, Timers } from '@ashlar/domain';
import type { Tracing } from '@ashlar/telemetry';
import type { Bus } from './bus.ts';
import type { Message } from './message.ts';
import type { Duty, Sharing } from './replica.ts';
import type { MessageStorage } from './storage.ts';
import type { ConsumerDefinition } from './subscription.ts';

/** What a consumer tells of its work. */
export interface ConsumerObserver {
  /** A message is tried, inside its span; what is answered hears how the try has ended, with a failure or without. */
  begins?(consumer: string, message: Message): (failure?: unknown) => void;
  handled?(consumer: string, message: Message): void;
  parked?(consumer: string, message: Message, error: unknown): void;
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
  /** Divides the partitions of a channel among the replicas of the service. */
  readonly sharing?: Sharing | undefined;
  /** Who purges marks: every replica where nobody is named. */
  readonly upkeep?: Duty | undefined;
  /** The longest retention of the sources; marks of idle lines are kept for twice as long. 24 hours by default. */
  readonly retentionMs?: number;
}
