import type { Parcel } from './message.ts';

/** A message handed over. Until it is acknowledged, the bus answers for it. */
export interface Delivery extends Parcel {
  ack(): void;
}

/** A range of one key that a consumer is missing. */
export interface Gap {
  readonly source: string;
  readonly channel: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** Sends the messages of a gap again; answers the lowest sequence of the key that is still kept. */
export type Repair = (gap: Gap) => Promise<number>;

/** Sends everything of a channel again that is still kept. */
export type Replay = (channel: string) => Promise<void>;

export interface Receiver {
  readonly consumer: string;
  readonly channels: readonly string[];
  readonly deliver: (delivery: Delivery) => void;
}

/**
 * Carries messages between services: at least once, in any order. Order, and effects exactly once, are the business of
 * outbox and inbox.
 */
export interface Bus {
  /** Resolves when the bus answers for these messages; rejects when they have to be published again. */
  publish(parcels: readonly Parcel[]): Promise<void>;
  subscribe(receiver: Receiver): { close(): void };
  /** Says who sends the messages of `source` again. */
  onRepair(source: string, repair: Repair): void;
  repair(gap: Gap): Promise<number>;
  /** Says how `source` sends a channel again. */
  onReplay(source: string, replay: Replay): void;
  /** For a consumer that is new on a channel: every source sends what it has kept of it. */
  replay(channel: string): Promise<void>;
}
