import { type Clock, DomainError } from '@ashlar/domain';
import type { Bus, Gap } from './bus.ts';
import { type OutboxRow, type Parcel, toMessage } from './message.ts';
import type { Missing, OutboxRows, Page } from './outbox-rows.ts';

export interface RepublishingOptions {
  readonly outbox: OutboxRows;
  readonly bus: Bus;
  readonly source: string;
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly isStopped: () => boolean;
  readonly onError: (error: unknown) => void;
}

const PAGE = 1_000;

/** Sends messages again that are still kept: whoever has handled them knows them. */
export class Republishing {
  constructor(private readonly options: RepublishingOptions) {}

  /** All of a channel: a consumer is new. Resolves when the bus answers for all. */
  async replay(channel: string): Promise<void> {
    await this.#all(`of ${channel}`, (page) => this.options.outbox.ofChannel(channel, page));
  }

  /** What was published to a channel within so much time: the broker has lost it, or may have. */
  async lost(channel: string, withinMs: number): Promise<void> {
    await this.#all(`of ${channel}`, (page) => this.options.outbox.publishedWithin(withinMs, channel, page));
  }

  /**
   * The beginning of a gap, for whoever has handled it asks for the rest; answers the first number from there on that
   * is kept. That is read first: should the purge pass between the two, it is too low, and the consumer asks again.
   */
  async repair(gap: Gap): Promise<number> {
    const { outbox, onError } = this.options;
    const floor = (await outbox.floorOf(gap)) ?? gap.to + 1;
    const rows = await outbox.ofLine(gap, PAGE);
    if (rows.length > 0) this.#send(rows).catch(onError);
    return floor;
  }

  /**
   * All that was said since then. Answers how many messages that are, which are on their way; throws
   * `beyond_retention` (conflict), and sends nothing, where some of them may have been dropped.
   */
  async since(time: Date): Promise<number> {
    const { outbox, clock, retentionMs, onError } = this.options;
    if (time.getTime() < clock.now().getTime() - retentionMs) refuseMissing(await outbox.missing(), retentionMs);
    const count = await outbox.countSince(time);
    this.#all(`since ${time.toISOString()}`, (page) => outbox.since(time, page)).catch(onError);
    return count;
  }

  async #all(which: string, read: (page: Page) => Promise<readonly OutboxRow[]>): Promise<void> {
    for (let after = 0; !this.options.isStopped(); ) {
      const rows = await read({ after, limit: PAGE });
      await this.#send(rows);
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.position;
    }
    throw new Error(`The messages ${which} were not all sent again: their publisher was stopped.`);
  }

  #send(rows: readonly OutboxRow[]): Promise<void> {
    const { bus, source } = this.options;
    const parcels = rows.map((row): Parcel => ({ channel: row.channel, message: toMessage(source, row) }));
    return bus.publish(parcels, { isRepeated: true });
  }
}

function refuseMissing(missing: readonly Missing[], retentionMs: number): void {
  if (missing.length === 0) return;
  const named = missing.map(({ channel, keys, messages }) => `${messages} messages of ${keys} keys of ${channel}`);
  const kept = `Messages are kept for ${retentionMs / 3_600_000} hours.`;
  const gone = `These were said before, and cannot be sent again: ${named.join('; ')}.`;
  throw new DomainError('beyond_retention', 'conflict', `${kept} ${gone}`);
}
