import { type Clock, type Stop, systemClock, systemTimers, type Timers } from '@ashlar/domain';
import type {
  Bus,
  BusSubscription,
  Custody,
  Gap,
  Overhearing,
  Parcel,
  PublishOptions,
  Receiver,
  Repair,
  Replay,
} from '@ashlar/messaging';
import { Link } from './link.ts';
import { Losses } from './losses.ts';
import { Names } from './names.ts';
import { NatsSubscription, type Parts } from './nats-subscription.ts';
import { Posting } from './posting.ts';
import { Sources } from './sources.ts';
import { type StreamLimits, Streams } from './streams.ts';

export interface NatsBusOptions extends StreamLimits {
  /** `nats://127.0.0.1:4222`, or several with commas between them. */
  readonly url: string;
  /** Part of every stream, subject and durable: letters, digits and hyphens. */
  readonly namespace: string;
  /** Which process this is, for the server's operators. */
  readonly replica: string;
  readonly onError?: (error: unknown) => void;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/** Connects to a server with JetStream; rejects when it cannot be reached. From then on it comes back by itself. */
export async function connectNatsBus(given: NatsBusOptions): Promise<NatsBus> {
  const options = { onError: () => {}, clock: systemClock, timers: systemTimers, ...given };
  const names = new Names(options.namespace);
  const { url, onError, clock, timers } = options;
  const link = await Link.connect({ url, name: `${options.namespace} ${options.replica}`, onError });
  const streams = new Streams(link, names, options, new Losses(link, names, onError));
  return new NatsBus({ link, names, streams, onError, clock, timers });
}

/** The bus between processes and machines: NATS JetStream carries the messages, PostgreSQL is the truth. */
export class NatsBus implements Bus, Overhearing {
  readonly #parts: Parts;
  readonly #posting: Posting;
  readonly #sources: Sources;
  readonly #subscriptions = new Set<NatsSubscription>();

  /** @internal */
  constructor(parts: Parts) {
    const { link, names, streams, onError } = parts;
    this.#parts = parts;
    this.#posting = new Posting(link, names, streams);
    this.#sources = new Sources(link, names, onError);
    link.onUp(() => streams.doubt());
  }

  get custody(): Custody {
    const { link, streams } = this.#parts;
    return {
      newest: (source) => this.#posting.newest(source),
      holds: (receipt) => streams.holds(receipt),
      onDown: (work) => link.onDown(work),
      onUp: (work) => link.onUp(work),
      onLoss: (work) => streams.losses.onLoss(work),
    };
  }

  publish(parcels: readonly Parcel[], options: PublishOptions = {}): Promise<void> {
    return this.#posting.post(parcels, options);
  }

  subscribe(receiver: Receiver): BusSubscription {
    const subscription = new NatsSubscription(this.#parts, receiver);
    this.#subscriptions.add(subscription);
    return {
      close: () => {
        this.#subscriptions.delete(subscription);
        return subscription.close();
      },
      caughtUp: () => subscription.caughtUp(),
    };
  }

  /** By the server's plain subjects: nothing is kept for whoever does not hear it. */
  overhear(channels: readonly string[], listener: (parcel: Parcel) => void): Stop {
    const { link, names, onError } = this.#parts;
    const all = channels.map((channel) =>
      link.connection.subscribe(names.subjects(channel), {
        // What is thrown here would stop the reader of the whole connection.
        callback: (error, message) => {
          try {
            if (error) throw error;
            listener({ channel, message: message.json() });
          } catch (failure) {
            onError(failure);
          }
        },
      }),
    );
    return () => {
      for (const one of all) one.unsubscribe();
    };
  }

  onRepair(source: string, repair: Repair): void {
    this.#sources.onRepair(source, repair);
  }

  repair(gap: Gap): Promise<number> {
    return this.#sources.repair(gap);
  }

  onReplay(source: string, replay: Replay): void {
    this.#sources.onReplay(source, replay);
  }

  replay(channel: string): Promise<void> {
    return this.#sources.replay(channel);
  }

  /** Whether the server answers; rejects when it does not. */
  check(): Promise<void> {
    return this.#parts.link.check();
  }

  /** Gives back what has not been acknowledged, and leaves. */
  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#sources.close();
    await this.#parts.link.close();
  }
}

/** Removes everything that a system has left at a server. */
export async function dropNatsNamespace({ url, namespace }: Pick<NatsBusOptions, 'url' | 'namespace'>): Promise<void> {
  const prefix = new Names(namespace).stream('');
  const link = await Link.connect({ url, name: `${namespace} removal`, onError: () => {} });
  try {
    for await (const name of link.jsm.streams.names()) {
      if (name.startsWith(prefix)) await link.jsm.streams.delete(name);
    }
  } finally {
    await link.close();
  }
}
