import { type Clock, type Stop, systemClock, systemTimers, type Timers } from '@ashlar/domain';
import type { Tracing } from '@ashlar/telemetry';
import type { Bus } from './bus.ts';
import { LossCheck } from './loss-check.ts';
import { contextOf, type OutboxRow, type Parcel, toMessage } from './message.ts';
import type { OutboxRows } from './outbox-rows.ts';
import type { Receipts } from './receipts.ts';
import type { Duty } from './replica.ts';
import { Republishing } from './republishing.ts';

export interface PublisherOptions {
  readonly outbox: OutboxRows;
  readonly bus: Bus;
  /** `/services/order` */
  readonly source: string;
  readonly onError?: (error: unknown) => void;
  /** How many messages may be in flight in memory before the process publishes from the table; 10,000 by default. */
  readonly capacity?: number;
  /** Milliseconds until the sweeper takes an unpublished row, whoever wrote it; 2,000 by default. */
  readonly sweepAfterMs?: number;
  /** How long published rows are kept, in milliseconds; 24 hours by default. */
  readonly retentionMs?: number;
  readonly timers?: Timers;
  readonly clock?: Clock;
  /** Records what the bus has acknowledged; needed when the bus stores messages, and may lose some. */
  readonly receipts?: Receipts | undefined;
  /** Which replica sweeps and purges; every one by default. */
  readonly upkeep?: Duty | undefined;
  /** Records how long the bus takes to acknowledge each message. */
  readonly tracing?: Tracing | undefined;
}

const PAGE = 1_000;
const MARK_EVERY_MS = 100;
const SWEEP_EVERY_MS = 1_000;
const RETRY_AFTER_MS = 1_000;
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
  readonly #republishing: Republishing;
  readonly #lossCheck: LossCheck | undefined;
  readonly #options: Required<PublisherOptions>;

  constructor(options: PublisherOptions) {
    const defaults = { capacity: 10_000, sweepAfterMs: 2_000, retentionMs: 86_400_000, onError: () => {} };
    const parts = {
      timers: systemTimers,
      clock: systemClock,
      upkeep: undefined,
      receipts: undefined,
      tracing: undefined,
    };
    this.#options = { ...defaults, ...parts, ...options };
    this.#options.bus.onRepair(options.source, (gap) => this.#republishing.repair(gap));
    this.#republishing = new Republishing({ ...this.#options, isStopped: () => this.#stopped });
    this.#lossCheck = this.#makeLossCheck();
    this.#options.bus.onReplay(options.source, (channel) => this.#republishing.replay(channel));
  }

  /** Publishes first what an earlier process left behind; resolves when all of that is on its way. */
  async start(): Promise<void> {
    this.#started = true;
    await this.#forAll(() => this.#sweep(0));
    this.#lossCheck?.start();
    const { timers, onError, sweepAfterMs } = this.#options;
    this.#timers = [
      timers.every(MARK_EVERY_MS, () => this.#mark(), onError),
      timers.every(SWEEP_EVERY_MS, () => this.#forAll(() => this.#sweep(sweepAfterMs)), onError),
      timers.every(PURGE_EVERY_MS, () => this.#forAll(() => this.#purge()), onError),
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
      this.#catchUpLater();
    });
  }

  /** This replica has become the one that sweeps: what its predecessor has left waits no longer. */
  sweepSoon(): void {
    if (this.#started && !this.#stopped) this.#catchUpSoon();
  }

  /**
   * Sends again all that was said since then; answers how many messages that are. Throws `beyond_retention` (conflict)
   * where some of them may have been dropped.
   */
  republish(since: Date): Promise<number> {
    return this.#republishing.since(since);
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
    await this.#lossCheck?.stop();
  }

  async #send(rows: readonly OutboxRow[]): Promise<void> {
    for (const { position } of rows) this.#inFlight.add(position);
    try {
      await this.#sent(rows.map((row) => this.#parcel(row)));
      this.#published.push(...rows.map(({ position }) => position));
    } catch (error) {
      for (const { position } of rows) this.#inFlight.delete(position);
      throw error;
    }
  }

  async #sent(parcels: readonly Parcel[]): Promise<void> {
    const { bus, tracing } = this.#options;
    if (!tracing) return bus.publish(parcels);
    const spans = parcels.map(({ channel, message }) => {
      const attributes = {
        'messaging.system': 'ashlar',
        'messaging.operation.name': 'send',
        'ashlar.channel': channel,
      };
      return tracing.begin({ name: `send ${message.type}`, kind: 'client', attributes }, contextOf(message));
    });
    try {
      await bus.publish(parcels);
      for (const span of spans) span.end();
    } catch (error) {
      for (const span of spans) span.end(error);
      throw error;
    }
  }

  /** What one replica does for all. */
  async #forAll(work: () => Promise<void>): Promise<void> {
    const { upkeep } = this.#options;
    if (!upkeep || upkeep.claim) await work();
  }

  #makeLossCheck(): LossCheck | undefined {
    const { bus, receipts, ...options } = this.#options;
    if (!bus.custody || !receipts) return undefined;
    const again = (channel: string, withinMs: number) => this.#republishing.lost(channel, withinMs);
    return new LossCheck({ ...options, custody: bus.custody, receipts, again });
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

  /** The bus may be away: until then nobody tries, and what is written waits in the table. */
  #catchUpLater(): void {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    this.#options.timers.once(RETRY_AFTER_MS, () => {
      this.#catchingUp = false;
      if (!this.#stopped) this.#catchUpSoon();
    });
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
