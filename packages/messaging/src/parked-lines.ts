import { isRetryable, isUnreachable, type UnitOfWork, UnknownCommitError } from '@ashlar/postgres';
import type { Bus, Delivery } from './bus.ts';
import type { ConsumerObserver } from './consumer-options.ts';
import { after, type Inbox, judge, type Line, lineOf } from './inbox.ts';
import { numberOf } from './message.ts';
import type { MessageHandler } from './message-handler.ts';
import { MOVE_AT_ONCE, type ParkedHead, type ParkedMessage, type ParkingLot, TooOldError } from './parking-lot.ts';

export interface ParkedLinesOptions {
  readonly consumer: string;
  readonly work: UnitOfWork;
  readonly inbox: Inbox;
  readonly lot: ParkingLot;
  readonly handler: MessageHandler;
  readonly observer: ConsumerObserver;
  readonly bus: Bus;
  /** The source has nothing of what is missing of the line before `floor`. */
  readonly startsAt: (line: Line, floor: number) => void;
}

/** How many messages of a line were moved on, and whether the next one may follow at once. */
export interface Moved {
  readonly count: number;
  readonly mayFollow: boolean;
}

export interface MoveOptions {
  /** In one transaction. */
  readonly atMost: number;
  /** Whether the rest can wait for the next time. */
  readonly isEnough: () => boolean;
}

type Step = 'next follows' | 'was last' | 'stays';

/** How many messages were taken up together, and which was tried last, for whoever has to blame it. */
interface Attempt {
  count: number;
  tried?: ParkedHead;
}

/** Moves the lines of the parking lot on; each step locks its line first, in a transaction of its own. */
export class ParkedLines {
  #askedLast: Line | undefined;

  constructor(private readonly options: ParkedLinesOptions) {}

  /**
   * A line that this consumer has never seen begins where its source still can. One that it knows has lost what is
   * missing: there it goes on only where an operator has said so, by replaying what waits behind the gap.
   */
  async startAt(line: Line, floor: number): Promise<void> {
    const { lot, inbox } = this.options;
    await this.#locked(line, async () => {
      const mark = inbox.mark(line);
      const [head] = mark.parked ? await lot.heads(line, 1) : [];
      const isAllowed = mark.sequence === 0 || head?.status === 'retrying';
      if (floor - 1 <= mark.sequence || !isAllowed || (head && head.sequence < floor)) return;
      inbox.set(line, { ...mark, sequence: floor - 1, lastId: null, otherIds: null });
    });
  }

  /**
   * The source may have been away when it was asked first: a line that waits for something asks again, and no others
   * before all have had their turn, for what is lost is asked for in vain.
   */
  async askForGaps(): Promise<void> {
    const { consumer, lot, bus, startsAt, observer } = this.options;
    const gaps = await lot.gaps(this.#askedLast);
    this.#askedLast = gaps.length === MOVE_AT_ONCE ? gaps.at(-1) : undefined;
    for (const gap of gaps) {
      try {
        const floor = await bus.repair(gap);
        if (floor > gap.from) startsAt(gap, floor);
      } catch (error) {
        observer.failed?.(consumer, error);
      }
    }
  }

  /** A message whose gap nobody could fill in time waits in the database; false if its turn has come meanwhile. */
  async spill(delivery: Delivery): Promise<boolean> {
    const { lot, inbox } = this.options;
    const line = lineOf(delivery);
    return this.#locked(line, async () => {
      const mark = inbox.mark(line);
      if (judge(mark, numberOf(delivery.message)) !== 'ahead') return false;
      await lot.park(line, delivery.message);
      inbox.set(line, { ...mark, parked: true });
      return true;
    });
  }

  /** The message that spoils its batch at the database. */
  async parkAlone(delivery: Delivery, error: unknown): Promise<void> {
    const line = lineOf(delivery);
    await this.#locked(line, async () => {
      if (judge(this.options.inbox.mark(line), numberOf(delivery.message)) === 'handled') return;
      await this.options.handler.park(line, delivery.message, error);
    });
  }

  /**
   * Moves the first parked messages of a line on, in one transaction. Where the database refuses them together,
   * fewer are tried, down to the one that is to blame. A race that is lost again and again is a failure
   * like any other; a commit of unknown outcome is none: the next look at the line tells.
   */
  async move(line: Line, options: MoveOptions): Promise<Moved> {
    const attempt: Attempt = { count: 0 };
    try {
      return await this.#locked(line, () => this.#moveHeads(line, attempt, options));
    } catch (error) {
      if (isUnreachable(error) || error instanceof UnknownCommitError) throw error;
      const { count, tried } = attempt;
      const atMost = Math.floor((isRetryable(error) ? options.atMost : count) / 2);
      if (atMost > 0) return this.move(line, { ...options, atMost });
      await this.#locked(line, async () => {
        const [head] = await this.options.lot.heads(line, 1);
        // Where it has failed is known of the message that was tried.
        const isSame = head !== undefined && head.id === tried?.id && head.status !== 'discarded';
        if (isSame) await this.#failedAgain({ ...head, message: tried.message }, error);
      });
      return { count: 0, mayFollow: false };
    }
  }

  async #moveHeads(line: Line, attempt: Attempt, { atMost, isEnough }: MoveOptions): Promise<Moved> {
    const { lot, inbox } = this.options;
    const heads = await lot.heads(line, atMost);
    if (heads.length === 0) inbox.set(line, { ...inbox.mark(line), parked: false });
    let count = 0;
    for (const head of heads) {
      if (count > 0 && isEnough()) break;
      attempt.count += 1;
      const step = await this.#moveHead(line, head, attempt);
      if (step !== 'stays') count++;
      if (step !== 'next follows') return { count, mayFollow: false };
    }
    return { count, mayFollow: heads.length > 0 };
  }

  async #moveHead(line: Line, head: ParkedHead, attempt: Attempt): Promise<Step> {
    const { lot, inbox, handler } = this.options;
    const mark = inbox.mark(line);
    if (head.status !== 'discarded') {
      const isBeyondGap = head.sequence > mark.sequence + 1;
      if (isBeyondGap || head.status === 'dead' || (head.status === 'retrying' && !head.due)) return 'stays';
      const isHandled = judge({ ...mark, parked: false }, numberOf(head.message)) === 'handled';
      attempt.tried = head;
      if (head.status === 'waiting' && handler.isForgotten(line, head.message)) {
        await this.#failedAgain(head, new TooOldError(`too_old: it was said at ${head.message.time}.`));
        return 'stays';
      }
      if (!isHandled && !(await this.#retried(head))) return 'stays';
    }
    await lot.remove(head);
    inbox.set(line, { ...after(mark, numberOf(head.message)), parked: !head.last });
    return head.last ? 'was last' : 'next follows';
  }

  async #retried(head: ParkedHead): Promise<boolean> {
    try {
      await this.options.work.transaction(() => this.options.handler.dispatch(head.message, head.failedIn));
      return true;
    } catch (error) {
      if (isRetryable(error) || isUnreachable(error)) throw error;
      await this.#failedAgain(head, error);
      return false;
    }
  }

  async #failedAgain(head: ParkedMessage, error: unknown): Promise<void> {
    const { consumer, work, lot, handler, observer } = this.options;
    await lot.failed(head, handler.failure(head.message, { error, attempts: head.attempts + 1 }));
    work.afterCommit(() => observer.parked?.(consumer, head.message, error));
  }

  /** Tried once more in place, and no longer: other keys wait for this one. */
  #locked<T>(line: Line, work: () => Promise<T>): Promise<T> {
    return this.options.work.transaction(
      async () => {
        await this.options.inbox.lock([line]);
        return work();
      },
      { retries: 1 },
    );
  }
}
