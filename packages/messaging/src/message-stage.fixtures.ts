import { UuidV7Ids } from '@ashlar/domain';
import type { Line } from './inbox.ts';
import type { OutboxRow } from './message.ts';
import type { Outbox } from './outbox.ts';
import type { MessageStorage } from './storage.ts';

/** The messages of one service, and nobody else who is at them. */
export interface MessageStage {
  readonly storage: MessageStorage;
  readonly outbox: Outbox;
  /** The rows that were handed over after each commit. */
  readonly committed: readonly (readonly OutboxRow[])[];
  /** The same messages, as another process sees them. */
  another(): MessageStage;
  /** Lets so many milliseconds pass for everything that is kept. */
  passes(ms: number): Promise<void>;
}

const ids = new UuidV7Ids();

export const nextId = (): string => ids.next();

/** The line of a key that the messages of `aMessage` are in. */
export const lineOfKey = (key: string): Line => ({ source: '/services/shop', channel: 'shop.events', key });
