import type { Chance, Clock } from '@ashlar/domain';
import { type Database, isRetryable, isUnreachable } from '@ashlar/postgres';
import type { Tracing } from '@ashlar/telemetry';
import type { ConsumerObserver } from './consumer.ts';
import type { Inbox, Line } from './inbox.ts';
import { contextOf, type Message, sequenceOf } from './message.ts';
import { backOffMs, isPermanent, MAX_ATTEMPTS, type ParkingLot, TooOldError } from './parking-lot.ts';
import type { Dispatcher } from './subscription.ts';

export interface MessageHandlerOptions {
  readonly consumer: string;
  readonly db: Database;
  readonly dispatcher: Dispatcher;
  readonly inbox: Inbox;
  readonly lot: ParkingLot;
  readonly tracing: Tracing;
  readonly observer: ConsumerObserver;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Rows of idle lines are purged after this time: an older message without a row may have been handled. */
  readonly rememberedMs: number;
  /** Asks for another look at the parking lot after a while. */
  readonly wakeIn: (ms: number) => void;
}

/** Handles one message of a line whose turn it is, inside the transaction that has locked the line. */
export class MessageHandler {
  constructor(private readonly options: MessageHandlerOptions) {}

  /** In a nested transaction, so that a failure takes back only what this message had buffered. */
  async handle(line: Line, message: Message): Promise<void> {
    const { db, inbox } = this.options;
    const mark = inbox.mark(line);
    try {
      await db.transaction(async () => {
        if (!inbox.knows(line)) this.#refuseTooOld(message);
        await this.dispatch(message);
        inbox.set(line, { ...mark, sequence: sequenceOf(message) });
      });
    } catch (error) {
      if (isRetryable(error) || isUnreachable(error)) throw error;
      await this.park(line, message, error);
    }
  }

  async dispatch(message: Message): Promise<void> {
    const { consumer, db, dispatcher, tracing, observer } = this.options;
    if (!dispatcher.knows(message.type)) return;
    const attributes = {
      'messaging.system': 'ashlar',
      'messaging.operation.name': 'process',
      'messaging.message.id': message.id,
    };
    const span = { name: `${consumer} ${message.type}`, kind: 'consumer', attributes } as const;
    await tracing.span(span, () => dispatcher.dispatch(message), contextOf(message));
    db.afterCommit(() => observer.handled?.(consumer, message));
  }

  /** The message leaves the line for the parking lot, and those that follow go there as well. */
  async park(line: Line, message: Message, error: unknown): Promise<void> {
    const { consumer, db, inbox, lot, observer } = this.options;
    await lot.park(line, message, { error, ...this.retryAfter(error, 1) });
    inbox.set(line, { ...inbox.mark(line), parked: true });
    db.afterCommit(() => observer.parked?.(consumer, message, error));
  }

  /** When to try again after so many attempts; nothing where no further try would help. */
  retryAfter(error: unknown, attempts: number): { readonly retryInMs?: number } {
    if (isPermanent(error) || attempts >= MAX_ATTEMPTS) return {};
    const retryInMs = backOffMs(attempts, this.options.chance());
    this.options.wakeIn(retryInMs + 1);
    return { retryInMs };
  }

  #refuseTooOld({ time }: Message): void {
    const { clock, rememberedMs } = this.options;
    if (clock.now().getTime() - Date.parse(time) > rememberedMs)
      throw new TooOldError(`too_old: it was said at ${time}.`);
  }
}
