import type { Stop, Timers } from '@ashlar/domain';
import { type Bus, type Delivery, isWithdrawn } from './bus.ts';
import { type Line, lineId, lineOf } from './inbox.ts';
import { sequenceOf } from './message.ts';

export interface HeldMessagesOptions {
  readonly bus: Bus;
  readonly timers: Timers;
  readonly requeue: (deliveries: readonly Delivery[]) => void;
  /** Messages have become overdue. */
  readonly overdue: () => void;
  /** The source has nothing of what is missing of the line before `floor`. */
  readonly startsAt: (line: Line, floor: number) => void;
  readonly onError: (error: unknown) => void;
}

/** How long the ordinary race of two writers may take before the source is asked for what is missing. */
const ASK_AFTER_MS = 1_000;
const GIVE_UP_AFTER_MS = 2_000;
const MOST = 1_000;

interface Waiting {
  /** The first message that is missing. */
  readonly from: number;
  readonly deliveries: Map<number, Delivery>;
  readonly stop: Stop;
}

/** Messages that came before their predecessors: held in memory, unacknowledged, until the line has caught up. */
export class HeldMessages {
  readonly #lines = new Map<string, Waiting>();
  #overdue: Delivery[] = [];
  #size = 0;

  constructor(private readonly options: HeldMessagesOptions) {}

  get size(): number {
    return this.#size + this.#overdue.length;
  }

  hold(delivery: Delivery, after: number): void {
    if (isWithdrawn(delivery)) return;
    const id = lineId(lineOf(delivery));
    let waiting = this.#lines.get(id);
    if (!waiting) {
      const stop = this.options.timers.once(ASK_AFTER_MS, () => this.#ask(id));
      waiting = { from: after + 1, deliveries: new Map(), stop };
      this.#lines.set(id, waiting);
    }
    const sequence = sequenceOf(delivery.message);
    const same = waiting.deliveries.get(sequence);
    if (!same) this.#size += 1;
    waiting.deliveries.set(sequence, same ? both(same, delivery) : delivery);
    if (this.#size > MOST) this.#giveUp(id);
  }

  /** Gives the messages of these lines back to the queue: one of their predecessors may have been handled. */
  release(lineIds: readonly string[]): void {
    if (this.#lines.size === 0) return;
    const released = [...new Set(lineIds)].flatMap((id) => this.#take(id));
    if (released.length > 0) this.options.requeue(released);
  }

  /** The next message for which neither waiting nor asking has helped. */
  get overdue(): Delivery | undefined {
    return this.#overdue[0];
  }

  forget(delivery: Delivery): void {
    this.#overdue = this.#overdue.filter((other) => other !== delivery);
  }

  /** What belongs to another replica now. */
  forgetWithdrawn(): void {
    this.#overdue = this.#overdue.filter((delivery) => !isWithdrawn(delivery));
    for (const [id, { deliveries, stop }] of this.#lines) {
      for (const [sequence, delivery] of deliveries)
        if (isWithdrawn(delivery) && deliveries.delete(sequence)) this.#size -= 1;
      if (deliveries.size > 0) continue;
      stop();
      this.#lines.delete(id);
    }
  }

  stop(): void {
    for (const { stop } of this.#lines.values()) stop();
  }

  #ask(id: string): void {
    const waiting = this.#lines.get(id);
    const first = waiting && [...waiting.deliveries.values()][0];
    if (!waiting || !first) return;
    const to = Math.min(...waiting.deliveries.keys()) - 1;
    const line = lineOf(first);
    this.options.bus
      .repair({ ...line, from: waiting.from, to })
      .then((floor) => floor > waiting.from && this.options.startsAt(line, floor))
      .catch(this.options.onError);
    const stop = this.options.timers.once(GIVE_UP_AFTER_MS - ASK_AFTER_MS, () => this.#giveUp(id));
    this.#lines.set(id, { ...waiting, stop });
  }

  #giveUp(id: string): void {
    this.#overdue.push(...this.#take(id));
    this.options.overdue();
  }

  #take(id: string): Delivery[] {
    const waiting = this.#lines.get(id);
    if (!waiting) return [];
    waiting.stop();
    this.#lines.delete(id);
    this.#size -= waiting.deliveries.size;
    return [...waiting.deliveries].sort(([a], [b]) => a - b).map(([, delivery]) => delivery);
  }
}

/** A message that was delivered twice is acknowledged twice. */
const both = (first: Delivery, second: Delivery): Delivery => ({
  ...second,
  ack: () => {
    first.ack();
    second.ack();
  },
});
