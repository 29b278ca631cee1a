import type { Parcel, PublishOptions, Receipt } from '@ashlar/messaging';
import { nuid } from '@nats-io/transport-node';
import type { Link } from './link.ts';
import type { Names } from './names.ts';
import type { Streams } from './streams.ts';

const IN_FLIGHT = 1_000;
const ANSWER_WITHIN_MS = 5_000;

/** Hands messages to the server, many at a time, and waits for its word that it has stored them. */
export class Posting {
  #open = 0;
  readonly #waiting: (() => void)[] = [];
  /** Marks what is said again, or the server would drop it as a duplicate. */
  readonly #run = nuid.next();
  #again = 0;
  /** By source and channel. */
  readonly #newest = new Map<string, Map<string, Receipt>>();
  /** How far the stream of each channel goes, as far as it was seen here. */
  readonly #ends = new Map<string, number>();

  constructor(
    private readonly link: Link,
    private readonly names: Names,
    private readonly streams: Streams,
  ) {
    link.onUp(() => this.#ends.clear());
  }

  /** Resolves when all are stored; rejects when one is not, after each has been answered or given up. */
  async post(parcels: readonly Parcel[], { isRepeated = false }: PublishOptions): Promise<void> {
    if (parcels.length === 0) return;
    if (!this.link.isUp) throw new Error('The server cannot be reached.');
    await Promise.all([...new Set(parcels.map(({ channel }) => channel))].map((one) => this.streams.ensure(one)));
    const suffix = isRepeated ? `#${this.#run}${++this.#again}` : '';
    const results = await Promise.allSettled(parcels.map((parcel) => this.#postOne(parcel, suffix)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** The newest message of each channel of a source that the server has stored. */
  newest(source: string): readonly Receipt[] {
    return [...(this.#newest.get(source)?.values() ?? [])];
  }

  /** What was sent when the stream had come as far as `end` has a higher number, unless the stream has lost its end. */
  #checked(channel: string, { seq, end }: { readonly seq: number; readonly end: number }): void {
    const known = this.#ends.get(channel) ?? 0;
    const isNews = seq <= end && known >= end;
    if (isNews) this.streams.losses.notice(channel, `it gives number ${seq} again, and was at ${end}`);
    this.#ends.set(channel, isNews ? seq : Math.max(seq, known));
  }

  #note(source: string, receipt: Receipt): void {
    const ofSource = this.#newest.get(source) ?? new Map<string, Receipt>();
    this.#newest.set(source, ofSource.set(receipt.channel, receipt));
  }

  async #postOne({ channel, message }: Parcel, suffix: string): Promise<void> {
    if (this.#open >= IN_FLIGHT) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#open += 1;
    try {
      if (!this.link.isUp) throw new Error('The connection to the server is lost.');
      const options = { msgID: message.id + suffix, timeout: ANSWER_WITHIN_MS };
      const subject = this.names.subject(channel, message);
      const end = this.#ends.get(channel) ?? 0;
      const { seq, duplicate } = await this.link.js.publish(subject, JSON.stringify(message), options);
      if (!duplicate) this.#checked(channel, { seq, end });
      this.#note(message.source, { channel, place: seq, id: message.id });
    } catch (error) {
      this.streams.doubt(channel);
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#open -= 1;
    }
  }
}
