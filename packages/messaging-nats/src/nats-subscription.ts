import type { Clock, Timers } from '@ashlar/domain';
import type { BusSubscription, Claim, Receiver } from '@ashlar/messaging';
import { Durable } from './durable.ts';
import type { Link } from './link.ts';
import { type Names, PARTITIONS } from './names.ts';
import { PartitionReader } from './partition-reader.ts';
import type { Streams } from './streams.ts';

/** What everything on one connection is made of. */
export interface Parts {
  readonly link: Link;
  readonly names: Names;
  readonly streams: Streams;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  readonly timers: Timers;
}

const LOOK_AGAIN_MS = 100;

interface Partition {
  readonly channel: string;
  readonly durable: Durable;
}

/** What one replica reads of a consumer's channels: the partitions that are its share, or all where nobody divides. */
export class NatsSubscription implements BusSubscription {
  /** By the name of their lease. */
  readonly #partitions = new Map<string, Partition>();
  readonly #readers = new Map<Claim | Partition, PartitionReader>();
  readonly #leave: () => Promise<void>;
  #isClosed = false;

  constructor(
    private readonly parts: Parts,
    private readonly receiver: Receiver,
  ) {
    const { consumer, channels, sharing } = receiver;
    for (const channel of channels)
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const durable = new Durable({ ...parts, consumer, channel, partition });
        this.#partitions.set(`${consumer} ${channel} ${partition}`, { channel, durable });
      }
    if (!sharing) for (const one of this.#partitions.values()) this.#open(one, one);
    const tenant = {
      gained: (claim: Claim) => this.#open(claim, this.#partitions.get(claim.name)!),
      lost: (claim: Claim) => this.#end(claim),
    };
    this.#leave = sharing
      ? sharing.share(consumer, [...this.#partitions.keys()], tenant)
      : async () => void (await Promise.all([...this.#partitions.values()].map((one) => this.#end(one))));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#leave();
  }

  async caughtUp(): Promise<void> {
    const looks = [...this.#partitions.values()].map(({ durable }) => {
      let end: number | undefined;
      return async () => {
        end ??= await durable.end();
        return durable.hasReached(end);
      };
    });
    for (let open = looks; open.length > 0 && !this.#isClosed; ) {
      const results = await Promise.allSettled(open.map((look) => look()));
      open = open.filter((_, index) => !isTrue(results[index]!));
      if (open.length > 0) await new Promise<void>((resolve) => void this.parts.timers.once(LOOK_AGAIN_MS, resolve));
    }
  }

  #open(key: Claim | Partition, { channel, durable }: Partition): void {
    const claim = 'durable' in key ? undefined : key;
    const { deliver } = this.receiver;
    this.#readers.set(key, new PartitionReader({ ...this.parts, channel, durable, claim, deliver }));
  }

  /** What is being handled is acknowledged; the rest is given back. */
  async #end(key: Claim | Partition): Promise<void> {
    const reader = this.#readers.get(key);
    this.#readers.delete(key);
    reader?.close();
    await this.receiver.withdraw?.();
    reader?.giveBack();
  }
}

/** Whoever could not look looks again. */
const isTrue = (result: PromiseSettledResult<boolean>): boolean => result.status === 'fulfilled' && result.value;
