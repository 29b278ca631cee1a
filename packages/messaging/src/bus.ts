import type { Stop } from '@ashlar/domain';
import type { Parcel } from './message.ts';
import type { Custody } from './receipts.ts';
import type { Claim, Sharing } from './replica.ts';

/** A message handed over. Until it is acknowledged, the bus answers for it. */
export interface Delivery extends Parcel {
  ack(): void;
  /** In whose name it was delivered, where the partitions are divided among replicas. */
  readonly claim?: Claim;
}

/** Whether another replica has it by now, or will. */
export const isWithdrawn = ({ claim }: Delivery): boolean => claim?.isOver ?? false;

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
  /** Who divides the partitions among the replicas of the consumer; where nobody does, this one reads all. */
  readonly sharing?: Sharing;
  /**
   * What was delivered in the name of claims that are over goes to other replicas; resolves when none of it is being
   * handled here.
   */
  readonly withdraw?: () => Promise<void>;
}

export interface BusSubscription {
  /** Hears nothing more; resolves when what was not acknowledged is given back. */
  close(): Promise<void>;
  /**
   * Resolves when the consumer, by whichever of its replicas, has acknowledged what had been published to its channels
   * by the time of the call, as far as that is not known from the deliveries themselves; or when it is closed.
   */
  caughtUp(): Promise<void>;
}

/**
 * Hears what is published from now on, and answers for none of it: at most once, in any order, with nobody waiting. For
 * what only makes something quicker that comes right without it as well.
 */
export interface Overhearing {
  overhear(channels: readonly string[], listener: (parcel: Parcel) => void): Stop;
}

export interface PublishOptions {
  /** It has been published before and may be lost: the bus must not take it for a duplicate. */
  readonly isRepeated?: boolean;
}

/**
 * Carries messages between services: at least once, in any order. Order, and effects exactly once, are the business of
 * outbox and inbox.
 */
export interface Bus {
  /** Where the bus stores messages, and may lose some. */
  readonly custody?: Custody;
  /** Resolves when the bus answers for these messages; rejects when they have to be published again. */
  publish(parcels: readonly Parcel[], options?: PublishOptions): Promise<void>;
  subscribe(receiver: Receiver): BusSubscription;
  /** Says who sends the messages of `source` again. */
  onRepair(source: string, repair: Repair): void;
  repair(gap: Gap): Promise<number>;
  /** Says how `source` sends a channel again. */
  onReplay(source: string, replay: Replay): void;
  /** For a consumer that is new on a channel: every source sends what it has kept of it. */
  replay(channel: string): Promise<void>;
}
