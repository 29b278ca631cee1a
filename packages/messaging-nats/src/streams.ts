import type { Receipt } from '@ashlar/messaging';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Link } from './link.ts';
import type { Losses } from './losses.ts';
import type { Names } from './names.ts';

export interface StreamLimits {
  /** How long messages are kept; 7 days by default. */
  readonly maxAgeMs?: number;
  /** How much a stream may hold before it refuses; the server's limit by default. */
  readonly maxBytes?: number;
  /** On how many servers of a cluster each stream is kept; 1 by default. */
  readonly copies?: number;
}

const DAY_MS = 86_400_000;
const MESSAGE_ID = 'Nats-Msg-Id';
const NAME_IN_USE = 10_058;
const SUBJECTS_OVERLAP = 10_065;

/** The streams of the channels, made when they are first needed. A full one refuses, and the outbox keeps. */
export class Streams {
  readonly #ready = new Map<string, Promise<void>>();
  /** When the stream of each channel was made. */
  readonly #madeAt = new Map<string, string>();

  constructor(
    private readonly link: Link,
    private readonly names: Names,
    private readonly limits: StreamLimits,
    readonly losses: Losses,
  ) {}

  /** Resolves when the stream of the channel is there. */
  ensure(channel: string): Promise<void> {
    const known = this.#ready.get(channel);
    if (known) return known;
    const making = this.#make(channel);
    this.#ready.set(channel, making);
    making.catch(() => this.#ready.delete(channel));
    return making;
  }

  /** The number of the newest message that the channel has had. */
  async end(channel: string): Promise<number> {
    await this.ensure(channel);
    const { state } = await this.link.jsm.streams.info(this.names.stream(channel));
    return state.last_seq;
  }

  /**
   * Whether the server still has this message where it has stored it. How far the stream goes is asked first:
   * nats-server 2.9 dies of a question for a message of a stream that it is just making.
   */
  async holds({ channel, place, id }: Receipt): Promise<boolean> {
    const { streams } = this.link.jsm;
    const stream = this.names.stream(channel);
    try {
      const { state } = await streams.info(stream);
      if (place > state.last_seq) return false;
      const stored = await streams.getMessage(stream, { seq: place });
      return stored?.header.get(MESSAGE_ID).split('#')[0] === id;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return false;
      throw error;
    }
  }

  /**
   * It may be gone: whoever needs it next makes sure. All may be, where the connection was lost; what they have lost is
   * asked for then anyway.
   */
  doubt(channel?: string): void {
    if (channel !== undefined) return void this.#ready.delete(channel);
    this.#ready.clear();
    this.#madeAt.clear();
  }

  async #make(channel: string): Promise<void> {
    const config = this.#config(channel);
    const { streams } = this.link.jsm;
    const add = () => streams.add(config);
    const { created } = await add()
      .catch(after(SUBJECTS_OVERLAP, add))
      .catch(after(NAME_IN_USE, () => streams.update(config.name, config)));
    const before = this.#madeAt.get(channel);
    this.#madeAt.set(channel, created);
    if (before !== undefined && before !== created) this.losses.notice(channel, `it was made anew at ${created}`);
  }

  #config(channel: string): Partial<StreamConfig> & { name: string } {
    const { maxAgeMs = 7 * DAY_MS, maxBytes = -1, copies = 1 } = this.limits;
    return {
      name: this.names.stream(channel),
      subjects: [this.names.subjects(channel)],
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      storage: StorageType.File,
      max_age: nanos(maxAgeMs),
      max_bytes: maxBytes,
      num_replicas: copies,
    };
  }
}

/**
 * Tries the next thing where the server has refused with this code. Of two that make one stream at the same time,
 * nats-server 2.9 may tell one that its subjects overlap: with those of this very stream. A second look finds it there.
 */
const after =
  <T>(code: number, next: () => Promise<T>) =>
  (error: unknown): Promise<T> => {
    if (error instanceof JetStreamApiError && error.code === code) return next();
    throw error;
  };
