import { AsyncLocalStorage } from 'node:async_hooks';
import { type Stop, systemChance, systemClock, systemTimers } from '@ashlar/domain';
import { isUnreachable, UnknownCommitError } from '@ashlar/postgres';
import { Arrivals } from './arrivals.ts';
import type { BusSubscription, Delivery } from './bus.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { HeldMessages } from './held-messages.ts';
import { type Inbox, judge, type Line, lineId, lineOf } from './inbox.ts';
import { numberOf } from './message.ts';
import { MessageHandler } from './message-handler.ts';
import { ParkedLines } from './parked-lines.ts';
import { DivergedError, TooOldError } from './parking-lot.ts';
import { ParkingScan } from './parking-scan.ts';
import { type Late, Progress } from './progress.ts';
import { Registration } from './registration.ts';
import { Dispatcher } from './subscription.ts';

const SCAN_EVERY_MS = 1_000;
const RETRY_BATCH_MS = 200;
const TRIES_IN_PLACE = 10;
const PURGE_EVERY_MS = 60_000;

/** `heldAfter`: it came before its predecessors; the number of the last one that was handled. */
type Outcome = 'done' | { readonly heldAfter: number };

/**
 * Handles the messages of its channels, in the order of each line, with effects exactly once: inbox, state changes and
 * new messages of a batch commit in one transaction. A message that fails leaves the batch and is parked with its line.
 */
export class Consumer {
  readonly name: string;
  readonly channels: readonly string[];
  /** What it feeds may be a moment old, and nobody waits for it. */
  readonly isPatient: boolean;
  readonly #options: Required<ConsumerOptions>;
  readonly #dispatcher: Dispatcher;
  readonly #handler: MessageHandler;
  readonly #parked: ParkedLines;
  readonly #parking: ParkingScan;
  readonly #inbox: Inbox;
  readonly #held: HeldMessages;
  readonly #progress: Progress;
  readonly #registration: Registration;
  /** Whoever wakes the consumer, a timer or a publisher: its work belongs to no transaction or request of theirs. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #arrivals: Arrivals;
  #working: Promise<void> | undefined;
  #scanDue = false;
  #stopped = false;
  #stops: Stop[] = [];
  #subscription: BusSubscription | undefined;
  #batch: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    const defaults = { observer: {}, timers: systemTimers, chance: systemChance, clock: systemClock };
    this.#options = { ...defaults, retentionMs: 86_400_000, sharing: undefined, upkeep: undefined, ...options };
    const { definition, storage, nextId, bus, timers, retentionMs } = this.#options;
    const dispatcher = new Dispatcher(definition);
    this.#dispatcher = dispatcher;
    this.name = definition.name;
    this.channels = dispatcher.channels;
    this.isPatient = definition.isPatient ?? false;
    this.#inbox = storage.inbox(definition.name);
    this.#progress = new Progress(this.#inbox, timers);
    const { name: consumer, from = 'oldest' } = definition;
    const isStopped = () => this.#stopped;
    this.#registration = new Registration({
      ...{ registrations: storage.registrations, bus, consumer, from, channels: this.channels, timers },
      ...{ caughtUp: () => this.settled(), isStopped, onError: this.#failed },
    });
    const lot = storage.parkingLot(definition.name, nextId);
    const parts = { ...this.#options, work: storage.work, consumer, dispatcher, inbox: this.#inbox, lot };
    const wakeIn = (ms: number) => void timers.once(ms, () => this.scanSoon());
    this.#handler = new MessageHandler({ ...parts, rememberedMs: 2 * retentionMs, wakeIn });
    const startsAt = (line: Line, floor: number) => {
      this.#parking.startsAt(line, floor);
      this.scanSoon();
    };
    this.#parked = new ParkedLines({ ...parts, startsAt, handler: this.#handler });
    this.#arrivals = new Arrivals({
      timers,
      isUrgent: ({ message }) => this.#progress.isAwaited || (!definition.isPatient && dispatcher.concerns(message)),
      work: () => this.#work(),
    });
    const requeue = (deliveries: readonly Delivery[]) => this.#arrivals.add(deliveries);
    const overdue = () => this.scanSoon();
    this.#held = new HeldMessages({ bus, timers, requeue, overdue, startsAt, onError: this.#failed });
    this.#parking = new ParkingScan({ lot, parked: this.#parked, held: this.#held, requeue, isStopped });
  }

  start(): void {
    const { bus, timers, sharing } = this.#options;
    this.#subscription = bus.subscribe({
      consumer: this.name,
      channels: this.channels,
      deliver: (delivery) => this.#arrivals.receive(this.#progress.received(delivery)),
      withdraw: () => this.#withdraw(),
      ...(sharing && { sharing }),
    });
    this.#stops = [
      timers.every(SCAN_EVERY_MS, async () => this.scanSoon(), this.#failed),
      timers.every(SCAN_EVERY_MS, () => this.#parked.askForGaps(), this.#failed),
      timers.every(PURGE_EVERY_MS, () => this.#purge(), this.#failed),
    ];
    this.scanSoon();
  }

  /**
   * Asks for what was said before this consumer was there; once for each of its channels. One that begins `now` handles
   * nothing before this call.
   */
  async catchUpNewChannels(): Promise<void> {
    await this.#registration.catchUp(() => this.#work());
  }

  /** Finishes the batch at hand; what has not been handled is not acknowledged and comes again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#progress.close();
    for (const stop of this.#stops) stop();
    this.#held.stop();
    await this.#subscription?.close();
    await this.#working;
    this.#progress.moved();
  }

  /** The types of messages to which it reacts whatever they say. */
  get handles(): readonly string[] {
    return this.#dispatcher.handles;
  }

  /** Messages received and not handled yet. */
  get backlog(): number {
    return this.#arrivals.length + this.#held.size;
  }

  /** Messages received and not handled yet, and when the first of them was said. */
  get late(): Late {
    return this.#progress.late;
  }

  /** Resolves when all that had been received, here or by another replica, by the time of the call is handled. */
  async settled(): Promise<void> {
    this.#work();
    await this.#progress.settled(this.#subscription?.caughtUp());
  }

  /** Resolves when the line has been handled up to `sequence`, or nobody waits for it any more. */
  async reached(line: Pick<Line, 'channel' | 'key'>, sequence: number, signal?: AbortSignal): Promise<void> {
    this.#work();
    await this.#progress.reached(line, sequence, signal);
  }

  /** Looks at the parking lot now: an operator has changed it. */
  scanSoon(): void {
    this.#scanDue = true;
    this.#work();
  }

  async #withdraw(): Promise<void> {
    this.#arrivals.forgetWithdrawn();
    this.#held.forgetWithdrawn();
    this.#progress.forgetWithdrawn();
    await this.#batch.catch(() => {});
  }

  async #purge(): Promise<void> {
    const { upkeep, retentionMs } = this.#options;
    if (!upkeep || upkeep.claim) await this.#inbox.purge(2 * retentionMs);
  }

  #work(): void {
    if (this.#working || this.#stopped || !this.#registration.isKnown) return;
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
        else if (this.#scanDue || this.#arrivals.isDue) this.#work();
      });
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (!this.#stopped && (this.#arrivals.length > 0 || this.#scanDue)) {
      if (this.#scanDue) await this.#scan();
      const batch = this.#arrivals.take();
      try {
        this.#batch = this.#handleAll(batch);
        await this.#batch;
      } catch (error) {
        this.#arrivals.putBack(batch);
        throw error;
      }
      this.#progress.moved();
    }
  }

  /** Whatever is wrong with the parking lot, the queue moves; the next look comes in a second. */
  async #scan(): Promise<void> {
    this.#scanDue = false;
    try {
      if (await this.#parking.run()) this.#scanDue = true;
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * Handles a batch; where the database refuses it as a whole, its halves, down to the one message that is to blame.
   */
  async #handleAll(batch: readonly Delivery[], isHalf = false): Promise<void> {
    if (batch.length === 0) return;
    try {
      const retries = batch.length === 1 ? TRIES_IN_PLACE : 1;
      await this.#handleTogether(batch, { retries, prefetch: batch.length > 1 || !isHalf });
    } catch (error) {
      if (isUnreachable(error) || error instanceof UnknownCommitError) throw error;
      if (batch.length === 1) return this.#parkAlone(batch[0]!, error);
      const middle = Math.ceil(batch.length / 2);
      await this.#handleAll(batch.slice(0, middle), true);
      await this.#handleAll(batch.slice(middle), true);
    }
  }

  async #handleTogether(
    batch: readonly Delivery[],
    { retries, prefetch }: { retries: number; prefetch: boolean },
  ): Promise<void> {
    const outcomes = await this.#options.storage.work.transaction(
      async () => {
        await Promise.all([this.#inbox.lock(batch.map(lineOf)), prefetch && this.#prefetch(batch)]);
        await this.#registration.look();
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

  /** Per message two queries would be made one after another; these travel with the lock, and are answered after it. */
  async #prefetch(batch: readonly Delivery[]): Promise<void> {
    const messages = batch.map(({ message }) => message).filter((message) => this.#dispatcher.concerns(message));
    const keys = [...new Set(messages.map(({ subject }) => subject))];
    const today = messages.flatMap((message) => this.#dispatcher.today(message) ?? []);
    if (keys.length > 0) await this.#options.definition.prefetch?.(keys, today);
  }

  async #handleOne(delivery: Delivery): Promise<Outcome> {
    const { message } = delivery;
    const line = lineOf(delivery);
    const mark = this.#inbox.mark(line);
    switch (this.#registration.judged(delivery.channel, judge(mark, numberOf(message)))) {
      case 'skipped':
        this.#handler.advance(line, message);
        break;
      case 'handled':
        this.#handler.drop(delivery);
        break;
      case 'diverged':
        await this.#handler.park(line, message, new DivergedError('Another message has had this number.'));
        break;
      case 'ahead':
        if (!this.#handler.isForgotten(line, message)) return { heldAfter: mark.sequence };
        await this.#handler.park(line, message, new TooOldError(`too_old: it was said at ${message.time}.`));
        break;
      case 'parked':
        await this.#handler.parkBehind(line, message);
        break;
      case 'next':
        await this.#handler.handle(line, message);
    }
    return 'done';
  }

  async #parkAlone(delivery: Delivery, error: unknown): Promise<void> {
    if (this.#registration.isBeginning(delivery.channel)) throw error;
    await this.#parked.parkAlone(delivery, error);
    delivery.ack();
    this.#held.release([lineId(lineOf(delivery))]);
  }

  readonly #failed = (error: unknown): void => this.#options.observer.failed?.(this.name, error);
}
