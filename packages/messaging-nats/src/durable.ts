import type { Clock } from '@ashlar/domain';
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Link } from './link.ts';
import type { Names } from './names.ts';
import type { Streams } from './streams.ts';

export interface DurableOptions {
  readonly link: Link;
  readonly names: Names;
  readonly streams: Streams;
  readonly consumer: string;
  readonly channel: string;
  readonly partition: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const ACKNOWLEDGE_WITHIN_MS = 30_000;
const AT_ONCE = 512;
/** Marks of idle lines are kept for 48 hours; what is older than that, nobody could tell from what was handled. */
const REMEMBERED_MS = 47 * 3_600_000;

/** The place of one consumer in one partition of a channel, kept by the server. */
export class Durable {
  readonly #stream: string;
  readonly #name: string;
  /** Where it goes on, while it is being made anew. */
  #goesOnAt: number | undefined;

  constructor(private readonly options: DurableOptions) {
    const { names, consumer, channel, partition } = options;
    this.#stream = names.stream(channel);
    this.#name = names.durable(consumer, partition);
  }

  /** How messages are asked for. */
  readonly pull = {
    max_messages: 256,
    expires: 10_000,
    idle_heartbeat: 2_500,
    abort_on_missing_resource: true,
  } as const;

  /**
   * Makes sure that stream and place are there, and that the place is within the stream. Where nobody else may read,
   * what was delivered to a predecessor and not acknowledged comes again at once: its requests end with its place.
   */
  async prepare({ isExclusive }: { readonly isExclusive: boolean }): Promise<Consumer> {
    const { link, streams, channel } = this.options;
    await streams.ensure(channel);
    const known = await this.#info();
    const isUsed = known && known.num_waiting + known.num_ack_pending > 0;
    let info = known;
    if (known && (await this.#isAhead(known))) info = await this.#again(undefined);
    else if (isExclusive && isUsed) info = await this.#again(known.ack_floor.stream_seq + 1);
    info ??= await this.#make(this.#goesOnAt);
    this.#goesOnAt = undefined;
    return link.js.consumers.getConsumerFromInfo(info);
  }

  /** The number, in the stream, of the newest message of this partition; 0 where there is none. */
  async end(): Promise<number> {
    const { link, names, streams, channel, partition } = this.options;
    // nats-server 2.9 dies of a question for a message of a stream that it is just making.
    if ((await streams.end(channel)) === 0) return 0;
    const query = { last_by_subj: names.partition(channel, partition) };
    return (await link.jsm.streams.getMessage(this.#stream, query))?.seq ?? 0;
  }

  /** Whether everything up to this number of the stream has been acknowledged. */
  async hasReached(sequence: number): Promise<boolean> {
    const info = await this.#info();
    if (!info) return false;
    return info.num_pending + info.num_ack_pending === 0 || info.ack_floor.stream_seq >= sequence;
  }

  /** After a power cut the stream may have lost its end, or be another one: then this place hears nothing. */
  async #isAhead({ delivered, ack_floor }: ConsumerInfo): Promise<boolean> {
    const { streams, channel } = this.options;
    const end = await streams.end(channel);
    const place = Math.max(delivered.stream_seq, ack_floor.stream_seq);
    if (place <= end) return false;
    streams.losses.notice(channel, `${this.#name} is at ${place}, and it ends at ${end}; it begins again`);
    return true;
  }

  async #again(from: number | undefined): Promise<ConsumerInfo> {
    this.#goesOnAt = from;
    await this.options.link.jsm.consumers.delete(this.#stream, this.#name);
    return this.#make(from);
  }

  async #info(): Promise<ConsumerInfo | undefined> {
    try {
      return await this.options.link.jsm.consumers.info(this.#stream, this.#name);
    } catch (error) {
      if (isCode(error, JetStreamApiCodes.ConsumerNotFound)) return undefined;
      if (isCode(error, JetStreamApiCodes.StreamNotFound)) this.options.streams.doubt(this.options.channel);
      throw error;
    }
  }

  async #make(from?: number): Promise<ConsumerInfo> {
    const { link, names, channel, partition, clock } = this.options;
    const config: Partial<ConsumerConfig> = {
      durable_name: this.#name,
      filter_subject: names.partition(channel, partition),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACKNOWLEDGE_WITHIN_MS),
      max_deliver: -1,
      max_ack_pending: AT_ONCE,
      ...(from === undefined
        ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: isoOf(clock.now().getTime() - REMEMBERED_MS) }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }),
    };
    return link.jsm.consumers.add(this.#stream, config);
  }
}

const isoOf = (time: number): string => new Date(time).toISOString();

const isCode = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;
