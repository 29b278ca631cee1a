import { type Stop, systemTimers, type Timers } from '@ashlar/domain';
import type { Bus, Gap } from './bus.ts';
import { type OutboxRow, type Parcel, toMessage } from './message.ts';
import type { OutboxRows } from './outbox-rows.ts';

export interface PublisherOptions {
  readonly outbox: OutboxRows;
  readonly bus: Bus;
  /** `/services/order` */
  readonly source: string;
  readonly onError?: (error: unknown) => void;
  /** How many messages may be on their way in memory before the process publishes from the table; 10,000 by default. */
  readonly capacity?: number;
  /** How long a row may be unpublished before the sweeper takes it, whoever wrote it; 2,000 by default. */
  readonly sweepAfterMs?: number;
  /** How long published rows are kept; 24 hours by default. */
  readonly retentionMs?: number;
  readonly timers?: Timers;
}

const PAGE = 1_000;
const MARK_EVERY_MS = 100;
const SWEEP_EVERY_MS = 1_000;
const PURGE_EVERY_MS = 60_000;
const PURGE_AT_ONCE = 10_000;

/**
 * Publishes what has been committed: straight from memory after each commit (fast path), and from the table what was
 * left there by a crash, an overflow or a failed publish (sweeper). Rows are marked once the bus answers for them.
 */
export class OutboxPublisher {
  readonly #inFlight = new Set<number>();
  #published: number[] = [];
  #catchingUp = false;
  #started = false;
  #stopped = false;
  #marking: Promise<void> = Promise.resolve();
  #timers: Stop[] = [];
  readonly #options: Required<PublisherOptions>;

  constructor(options: PublisherOptions) {
    const defaults = { capacity: 10_000, sweepAfterMs: 2_000, retentionMs: 86_400_000, onError: () => {} };
    this.#options = { ...defaults, timers: systemTimers, ...options };
    this.#options.bus.onRepair(options.source, (gap) => this.#repair(gap));
    this.#options.bus.onReplay(options.source, (channel) => this.#replay(channel));
  }

  /** Publishes first what an earlier process left behind; resolves when all of that is on its way. */
  async start(): Promise<void> {
    this.#started = true;
    await this.#sweep(0);
    const { timers, onError, sweepAfterMs } = this.#options;
    this.#timers = [
      timers.every(MARK_EVERY_MS, () => this.#mark(), onError),
      timers.every(SWEEP_EVERY_MS, () => this.#sweep(sweepAfterMs), onError),
      timers.every(PURGE_EVERY_MS, () => this.#purge(), onError),
    ];
  }

  /** The fast path: rows that have just been committed by this process. Before the start they wait in the table. */
  publish(rows: readonly OutboxRow[]): void {
    if (!this.#started || this.#stopped || this.#catchingUp) return;
    if (this.#inFlight.size + rows.length > this.#options.capacity) {
      this.#catchUpSoon();
      return;
    }
    this.#send(rows).catch((error) => {
      this.#options.onError(error);
      this.#catchUpSoon();
    });
  }

  /** Messages that are on their way, in memory. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Ends the fast path and marks what the bus has answered for; the rest is found at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const stop of this.#timers) stop();
    await this.#mark();
  }

  async #send(rows: readonly OutboxRow[]): Promise<void> {
    for (const { position } of rows) this.#inFlight.add(position);
    try {
      await this.#options.bus.publish(rows.map((row) => this.#parcel(row)));
      this.#published.push(...rows.map(({ position }) => position));
    } catch (error) {
      for (const { position } of rows) this.#inFlight.delete(position);
      throw error;
    }
  }

  #parcel(row: OutboxRow): Parcel {
    return { channel: row.channel, message: toMessage(this.#options.source, row) };
  }

  #mark(): Promise<void> {
    this.#marking = this.#marking.then(async () => {
      const positions = this.#published;
      if (positions.length === 0) return;
      this.#published = [];
      try {
        await this.#options.outbox.markPublished(positions);
        for (const position of positions) this.#inFlight.delete(position);
      } catch (error) {
        this.#published.push(...positions);
        this.#options.onError(error);
      }
    });
    return this.#marking;
  }

  #catchUpSoon(): void {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    this.#sweep(0)
      .catch(this.#options.onError)
      .finally(() => {
        this.#catchingUp = false;
      });
  }

  /** Publishes unpublished rows that are older than `ageMs` and not on their way from here, a page at a time. */
  async #sweep(ageMs: number): Promise<void> {
    for (let after = 0; !this.#stopped; ) {
      const rows = await this.#options.outbox.unpublished({ after, limit: PAGE }, ageMs);
      const lost = rows.filter(({ position }) => !this.#inFlight.has(position));
      const sent = this.#send(lost);
      if (rows.length < PAGE) return void sent.catch(this.#options.onError);
      await sent;
      after = rows.at(-1)!.position;
    }
  }

  /**
   * Sends all of a channel again that is still kept: a consumer is new, the others know it already. Resolves when the
   * bus answers for all.
   */
  async #replay(channel: string): Promise<void> {
    for (let after = 0; !this.#stopped; ) {
      const rows = await this.#options.outbox.ofChannel(channel, { after, limit: PAGE });
      await this.#options.bus.publish(rows.map((row) => this.#parcel(row)));
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.position;
    }
    throw new Error(`The messages of ${channel} were not all sent again: their publisher was stopped.`);
  }

  /** The floor is read first: should the purge pass between the two, it is too low, and the consumer asks again. */
  async #repair(gap: Gap): Promise<number> {
    const floor = (await this.#options.outbox.floorOf(gap)) ?? gap.to + 1;
    const rows = await this.#options.outbox.ofLine(gap);
    if (rows.length > 0) this.#options.bus.publish(rows.map((row) => this.#parcel(row))).catch(this.#options.onError);
    return floor;
  }

  /**
   * Drops published rows past the retention, some at a time, so that no writer waits; an unpublished one is never
   * dropped.
   */
  async #purge(): Promise<void> {
    const { outbox, retentionMs } = this.#options;
    for (let purged = PURGE_AT_ONCE; purged === PURGE_AT_ONCE && !this.#stopped; ) {
      purged = await outbox.purge(retentionMs, PURGE_AT_ONCE);
    }
  }
}
