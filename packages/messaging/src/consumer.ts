import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Chance,
  type Clock,
  type Stop,
  systemChance,
  systemClock,
  systemTimers,
  type Timers,
} from '@ashlar/domain';
import { type Database, isUnreachable, UnknownCommitError } from '@ashlar/postgres';
import type { Tracing } from '@ashlar/telemetry';
import type { Bus, Delivery } from './bus.ts';
import { HeldMessages } from './held-messages.ts';
import { Inbox, judge, type Line, lineId, lineOf } from './inbox.ts';
import { type Message, sequenceOf } from './message.ts';
import { MessageHandler } from './message-handler.ts';
import { ParkedLines } from './parked-lines.ts';
import { MOVE_AT_ONCE, ParkingLot } from './parking-lot.ts';
import { Progress } from './progress.ts';
import { type ConsumerDefinition, Dispatcher } from './subscription.ts';

/** What a consumer tells of its work. */
export interface ConsumerObserver {
  handled?(consumer: string, message: Message): void;
  parked?(consumer: string, message: Message, error: unknown): void;
  failed?(consumer: string, error: unknown): void;
}

export interface ConsumerOptions {
  readonly definition: ConsumerDefinition;
  readonly db: Database;
  readonly bus: Bus;
  readonly tracing: Tracing;
  readonly nextId: () => string;
  readonly observer?: ConsumerObserver;
  readonly timers?: Timers;
  readonly chance?: Chance;
  readonly clock?: Clock;
  /** The longest retention of the sources; marks of idle lines are kept for twice as long. 24 hours by default. */
  readonly retentionMs?: number;
}

const BATCH = 100;
const SCAN_EVERY_MS = 1_000;
const RETRY_BATCH_MS = 200;
const TRIES_IN_PLACE = 10;
const PURGE_EVERY_MS = 60_000;
const RETENTION_MS = 86_400_000;

/** `heldAfter`: it came before its predecessors; the number of the last one that was handled. */
type Outcome = 'done' | { readonly heldAfter: number };

/**
 * Handles the messages of its channels, in the order of each line, with effects exactly once: inbox, state changes and
 * new messages of a batch commit in one transaction. A message that fails leaves the batch and is parked with its line.
 */
export class Consumer {
  readonly name: string;
  readonly channels: readonly string[];
  readonly #options: Required<ConsumerOptions>;
  readonly #handler: MessageHandler;
  readonly #parked: ParkedLines;
  readonly #inbox: Inbox;
  readonly #lot: ParkingLot;
  readonly #held: HeldMessages;
  readonly #progress: Progress;
  /** Whoever wakes the consumer, a timer or a publisher: its work belongs to no transaction or request of theirs. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #queue: Delivery[] = [];
  #working: Promise<void> | undefined;
  #scanDue = false;
  #stopped = false;
  #stops: Stop[] = [];
  #floors: { line: Line; floor: number }[] = [];

  constructor(options: ConsumerOptions) {
    const defaults = { observer: {}, timers: systemTimers, chance: systemChance, clock: systemClock };
    this.#options = { ...defaults, retentionMs: RETENTION_MS, ...options };
    const { definition, db, nextId, bus, timers, retentionMs } = this.#options;
    const dispatcher = new Dispatcher(definition);
    this.name = definition.name;
    this.channels = dispatcher.channels;
    this.#inbox = new Inbox(db, definition.name);
    this.#progress = new Progress(this.#inbox);
    this.#lot = new ParkingLot(db, definition.name, nextId);
    const parts = { ...this.#options, consumer: this.name, dispatcher, inbox: this.#inbox, lot: this.#lot };
    const wakeIn = (ms: number) => void timers.once(ms, () => this.scanSoon());
    this.#handler = new MessageHandler({ ...parts, rememberedMs: 2 * retentionMs, wakeIn });
    const startsAt = (line: Line, floor: number) => {
      this.#floors.push({ line, floor });
      this.scanSoon();
    };
    this.#parked = new ParkedLines({ ...parts, startsAt, handler: this.#handler });
    this.#held = new HeldMessages({
      bus,
      timers,
      requeue: (deliveries) => this.#enqueue(deliveries),
      overdue: () => this.scanSoon(),
      startsAt,
      onError: (error) => this.#failed(error),
    });
  }

  start(): void {
    const { bus, timers } = this.#options;
    const subscription = bus.subscribe({
      consumer: this.name,
      channels: this.channels,
      deliver: (delivery) => this.#enqueue([this.#progress.received(delivery)]),
    });
    const scan = timers.every(
      SCAN_EVERY_MS,
      async () => {
        this.scanSoon();
        await this.#parked.askForGaps();
      },
      (error) => this.#failed(error),
    );
    const purge = timers.every(
      PURGE_EVERY_MS,
      () => this.#inbox.purge(2 * this.#options.retentionMs),
      (error) => this.#failed(error),
    );
    this.#stops = [() => subscription.close(), scan, purge];
    this.scanSoon();
  }

  /** Asks for what was said before this consumer was there; once for each of its channels. */
  async catchUpNewChannels(): Promise<void> {
    const { db, bus } = this.#options;
    const known = await db.query<{ channel: string }>('select channel from consumers where consumer = $1', [this.name]);
    const old = new Set(known.map(({ channel }) => channel));
    for (const channel of this.channels.filter((one) => !old.has(one))) {
      await bus.replay(channel);
      await db.execute('insert into consumers (consumer, channel) values ($1, $2) on conflict do nothing', [
        this.name,
        channel,
      ]);
    }
  }

  /** Finishes the batch at hand; what has not been handled is not acknowledged and comes again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#progress.close();
    for (const stop of this.#stops) stop();
    this.#held.stop();
    await this.#working;
    this.#progress.moved();
  }

  /** Messages received and not handled yet. */
  get backlog(): number {
    return this.#queue.length + this.#held.size;
  }

  /** Resolves when everything that had been received by the time of the call is handled. */
  async settled(): Promise<void> {
    await this.#progress.settled();
  }

  /** Resolves when the line has been handled up to `sequence`, or nobody waits for it any more. */
  async reached(line: Pick<Line, 'channel' | 'key'>, sequence: number, signal?: AbortSignal): Promise<void> {
    await this.#progress.reached(line, sequence, signal);
  }

  #enqueue(deliveries: readonly Delivery[]): void {
    this.#queue.push(...deliveries);
    this.#work();
  }

  /** Looks at the parking lot now: an operator has changed it. */
  scanSoon(): void {
    this.#scanDue = true;
    this.#work();
  }

  #work(): void {
    if (this.#working || this.#stopped) return;
    this.#working = this.#outside(() => this.#drain())
      .then(
        () => 0,
        (error) => {
          this.#failed(error);
          return RETRY_BATCH_MS;
        },
      )
      .then((pauseMs) => {
        this.#working = undefined;
        this.#progress.moved();
        if (pauseMs > 0) this.#options.timers.once(pauseMs, () => this.#work());
        else if (this.#queue.length > 0 || this.#scanDue) this.#work();
      });
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (!this.#stopped && (this.#queue.length > 0 || this.#scanDue)) {
      if (this.#scanDue) await this.#scan();
      const batch = this.#queue.splice(0, BATCH);
      try {
        await this.#handleAll(batch);
      } catch (error) {
        this.#queue.unshift(...batch);
        throw error;
      }
      this.#progress.moved();
    }
  }

  /**
   * Handles a batch; where the database refuses it as a whole, its halves, down to the one message that is to blame.
   */
  async #handleAll(batch: readonly Delivery[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      await this.#handleTogether(batch, batch.length === 1 ? TRIES_IN_PLACE : 1);
    } catch (error) {
      if (isUnreachable(error) || error instanceof UnknownCommitError) throw error;
      if (batch.length === 1) return this.#parkAlone(batch[0]!, error);
      const middle = Math.ceil(batch.length / 2);
      await this.#handleAll(batch.slice(0, middle));
      await this.#handleAll(batch.slice(middle));
    }
  }

  async #handleTogether(batch: readonly Delivery[], retries: number): Promise<void> {
    const outcomes = await this.#options.db.transaction(
      async () => {
        await this.#inbox.lock(batch.map(lineOf));
        await this.#prefetch(batch);
        const results: Outcome[] = [];
        for (const delivery of batch) results.push(await this.#handleOne(delivery));
        return results;
      },
      { retries },
    );
    const handled = batch.filter((_, index) => outcomes[index] === 'done');
    for (const [index, delivery] of batch.entries()) {
      const outcome = outcomes[index]!;
      if (outcome !== 'done') this.#held.hold(delivery, outcome.heldAfter);
    }
    for (const delivery of handled) delivery.ack();
    this.#held.release(handled.map((delivery) => lineId(lineOf(delivery))));
  }

  /** Per message two queries would be made one after another; per batch they are made at once. */
  async #prefetch(batch: readonly Delivery[]): Promise<void> {
    const keys = [...new Set(batch.map(({ message }) => message.subject))];
    if (keys.length > 1) await this.#options.definition.prefetch?.(keys);
  }

  async #handleOne(delivery: Delivery): Promise<Outcome> {
    const { message } = delivery;
    const line = lineOf(delivery);
    const mark = this.#inbox.mark(line);
    switch (judge(mark, sequenceOf(message))) {
      case 'handled':
        return 'done';
      case 'ahead':
        return { heldAfter: mark.sequence };
      case 'parked':
        await this.#lot.park(line, message);
        return 'done';
      case 'next':
        await this.#handler.handle(line, message);
        return 'done';
    }
  }

  async #parkAlone(delivery: Delivery, error: unknown): Promise<void> {
    await this.#parked.parkAlone(delivery, error);
    delivery.ack();
    this.#held.release([lineId(lineOf(delivery))]);
  }

  async #scan(): Promise<void> {
    this.#scanDue = false;
    for (let next = this.#floors[0]; next; next = this.#floors[0]) {
      await this.#parked.startAt(next.line, next.floor);
      this.#held.release([lineId(next.line)]);
      this.#floors.shift();
    }
    for (let next = this.#held.overdue; next; next = this.#held.overdue) {
      if (await this.#parked.spill(next)) next.ack();
      else this.#queue.push(next);
      this.#held.forget(next);
    }
    const movable = await this.#lot.movable();
    let moved = 0;
    for (const line of movable) while (!this.#stopped && (await this.#parked.move(line))) moved += 1;
    if (movable.length === MOVE_AT_ONCE && moved > 0) this.#scanDue = true;
  }

  #failed(error: unknown): void {
    this.#options.observer.failed?.(this.name, error);
  }
}
