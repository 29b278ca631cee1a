import { type Database, isRetryable, isUnreachable } from '@ashlar/postgres';
import type { Bus, Delivery } from './bus.ts';
import type { ConsumerObserver } from './consumer.ts';
import { type Inbox, judge, type Line, lineOf } from './inbox.ts';
import { sequenceOf } from './message.ts';
import type { MessageHandler } from './message-handler.ts';
import type { ParkedMessage, ParkingLot } from './parking-lot.ts';

export interface ParkedLinesOptions {
  readonly consumer: string;
  readonly db: Database;
  readonly inbox: Inbox;
  readonly lot: ParkingLot;
  readonly handler: MessageHandler;
  readonly observer: ConsumerObserver;
  readonly bus: Bus;
  /** The source has nothing of the line before `floor`. */
  readonly startsAt: (line: Line, floor: number) => void;
}

/** Moves the lines of the parking lot on; each step locks its line first, in a transaction of its own. */
export class ParkedLines {
  constructor(private readonly options: ParkedLinesOptions) {}

  /** A line that this consumer has never seen begins where its source still can. */
  async startAt(line: Line, floor: number): Promise<void> {
    const { lot, inbox } = this.options;
    await this.#locked(line, async () => {
      const mark = inbox.mark(line);
      const head = mark.parked ? await lot.head(line) : undefined;
      if (mark.sequence === 0 && !(head && head.sequence < floor)) inbox.set(line, { ...mark, sequence: floor - 1 });
    });
  }

  /** The source may have been away when it was asked first: a line that waits for something asks again. */
  async askForGaps(): Promise<void> {
    const { lot, bus, startsAt } = this.options;
    for (const gap of await lot.gaps()) {
      const floor = await bus.repair(gap);
      if (floor > gap.from) startsAt(gap, floor);
    }
  }

  /** A message whose gap nobody could fill in time waits in the database; false if its turn has come meanwhile. */
  async spill(delivery: Delivery): Promise<boolean> {
    const { lot, inbox } = this.options;
    const line = lineOf(delivery);
    return this.#locked(line, async () => {
      const mark = inbox.mark(line);
      if (judge(mark, sequenceOf(delivery.message)) !== 'ahead') return false;
      await lot.park(line, delivery.message);
      inbox.set(line, { ...mark, parked: true });
      return true;
    });
  }

  /** The message that spoils its batch at the database. */
  async parkAlone(delivery: Delivery, error: unknown): Promise<void> {
    const line = lineOf(delivery);
    await this.#locked(line, async () => {
      if (judge(this.options.inbox.mark(line), sequenceOf(delivery.message)) === 'handled') return;
      await this.options.handler.park(line, delivery.message, error);
    });
  }

  /** Moves the first parked message of a line on; answers whether the next one may follow at once. */
  async move(line: Line): Promise<boolean> {
    try {
      return await this.#locked(line, () => this.#moveHead(line));
    } catch (error) {
      if (isUnreachable(error) || isRetryable(error)) throw error;
      await this.#locked(line, async () => {
        const head = await this.options.lot.head(line);
        if (head) await this.#failedAgain(head, error);
      });
      return false;
    }
  }

  async #moveHead(line: Line): Promise<boolean> {
    const { lot, inbox } = this.options;
    const mark = inbox.mark(line);
    const head = await lot.head(line);
    if (!head) {
      inbox.set(line, { ...mark, parked: false });
      return false;
    }
    if (head.sequence > mark.sequence + 1 || head.status === 'dead') return false;
    if (head.status === 'retrying' && !head.due) return false;
    if (head.status !== 'discarded' && head.sequence > mark.sequence && !(await this.#retried(head))) return false;
    await lot.remove(head);
    inbox.set(line, { ...mark, sequence: Math.max(mark.sequence, head.sequence) });
    return true;
  }

  async #retried(head: ParkedMessage): Promise<boolean> {
    try {
      await this.options.db.transaction(() => this.options.handler.dispatch(head.message));
      return true;
    } catch (error) {
      if (isRetryable(error) || isUnreachable(error)) throw error;
      await this.#failedAgain(head, error);
      return false;
    }
  }

  async #failedAgain(head: ParkedMessage, error: unknown): Promise<void> {
    const { consumer, db, lot, handler, observer } = this.options;
    await lot.failed(head, { error, ...handler.retryAfter(error, head.attempts + 1) });
    db.afterCommit(() => observer.parked?.(consumer, head.message, error));
  }

  #locked<T>(line: Line, work: () => Promise<T>): Promise<T> {
    return this.options.db.transaction(async () => {
      await this.options.inbox.lock([line]);
      return work();
    });
  }
}
