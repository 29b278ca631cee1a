import type { Stop } from '@ashlar/domain';
import type { Parcel } from './message.ts';
import type { Custody } from './receipts.ts';
import type { Claim, Sharing } from './replica.ts';

/** A message handed to a consumer. Until it is acknowledged, the bus redelivers it. */
export interface Delivery extends Parcel {
  ack(): void;
  /** The claim under which it was delivered, where the partitions are shared among replicas. */
  readonly claim?: Claim;
}

/** Whether another replica has it by now, or will get it. */
export const isWithdrawn = ({ claim }: Delivery): boolean => claim?.isOver ?? false;

/** A range of one key that a consumer is missing. */
export interface Gap {
  readonly source: string;
  readonly channel: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** Republishes the messages of a gap; returns the lowest sequence of the key, from the gap on, that is still kept. */
export type Repair = (gap: Gap) => Promise<number>;

/** Republishes everything of a channel that is still kept. */
export type Replay = (channel: string) => Promise<void>;

export interface Receiver {
  readonly consumer: string;
  readonly channels: readonly string[];
  readonly deliver: (delivery: Delivery) => void;
  /** Shares the partitions among the replicas of the consumer; without it, this one reads all. */
  readonly sharing?: Sharing;
  /** Deliveries of claims that are over go to other replicas; resolves when none of them is being handled here. */
  readonly withdraw?: () => Promise<void>;
}

export interface BusSubscription {
  /** Stops deliveries; resolves when what was not acknowledged has been given back. */
  close(): Promise<void>;
  /**
   * Resolves when the consumer, by whichever of its replicas, has acknowledged what had been published to its channels
   * by the time of the call, as far as that is not known from the deliveries themselves; or when it is closed.
   */
  caughtUp(): Promise<void>;
}

/**
 * Listens to what is published from now on, without a guarantee: at most once, in any order, and nobody waits for it.
 * For optimisations, such as purging a cache whose entries expire anyway.
 */
export interface Overhearing {
  overhear(channels: readonly string[], listener: (parcel: Parcel) => void): Stop;
}

export interface PublishOptions {
  /** It was published before and may be lost: the bus must not drop it as a duplicate. */
  readonly isRepeated?: boolean;
}

/**
 * Carries messages between services: at least once, in any order. Outbox and inbox add the order, and effects exactly
 * once.
 */
export interface Bus {
  /** Present when the bus stores messages, and may therefore lose some. */
  readonly custody?: Custody;
  /** Resolves when the bus has taken responsibility for these messages; rejects when they must be published again. */
  publish(parcels: readonly Parcel[], options?: PublishOptions): Promise<void>;
  subscribe(receiver: Receiver): BusSubscription;
  /** Registers what republishes the gaps of `source`. */
  onRepair(source: string, repair: Repair): void;
  /** Asks the source of a gap to republish it; see `Repair`. */
  repair(gap: Gap): Promise<number>;
  /** Registers what republishes a channel of `source`. */
  onReplay(source: string, replay: Replay): void;
  /** For a consumer that is new on a channel: every source republishes what it has kept of it. */
  replay(channel: string): Promise<void>;
}
