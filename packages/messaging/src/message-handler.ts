import type { Chance, Clock } from '@ashlar/domain';
import { isRetryable, isUnreachable, type UnitOfWork } from '@ashlar/postgres';
import type { Tracing } from '@ashlar/telemetry';
import type { ConsumerObserver } from './consumer.ts';
import type { Inbox, Line } from './inbox.ts';
import { contextOf, type Message, numberOf } from './message.ts';
import { backOffMs, isPermanent, MAX_ATTEMPTS, type ParkingLot, TooOldError } from './parking-lot.ts';
import type { Dispatcher } from './subscription.ts';

export interface MessageHandlerOptions {
  readonly consumer: string;
  readonly work: UnitOfWork;
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
    const { work } = this.options;
    try {
      await work.transaction(async () => {
        if (this.isForgotten(line, message)) throw new TooOldError(`too_old: it was said at ${message.time}.`);
        await this.dispatch(message);
        this.advance(line, message);
      });
    } catch (error) {
      if (isRetryable(error) || isUnreachable(error)) throw error;
      await this.park(line, message, error);
    }
  }

  /** Moves the mark past the message, without looking at it. */
  advance(line: Line, message: Message): void {
    const { inbox } = this.options;
    const { sequence, id: lastId } = numberOf(message);
    inbox.set(line, { ...inbox.mark(line), sequence, lastId });
  }

  async dispatch(message: Message): Promise<void> {
    const { consumer, work, dispatcher, tracing, observer } = this.options;
    if (!dispatcher.concerns(message)) return;
    const attributes = {
      'messaging.system': 'ashlar',
      'messaging.operation.name': 'process',
      'messaging.message.id': message.id,
    };
    const span = { name: `${consumer} ${message.type}`, kind: 'consumer', attributes } as const;
    await tracing.span(span, () => dispatcher.dispatch(message), contextOf(message));
    work.afterCommit(() => observer.handled?.(consumer, message));
  }

  /** The message leaves the line for the parking lot, and those that follow go there as well. */
  async park(line: Line, message: Message, error: unknown): Promise<void> {
    const { consumer, work, inbox, lot, observer } = this.options;
    await lot.park(line, message, { error, ...this.retryAfter(error, 1) });
    inbox.set(line, { ...inbox.mark(line), parked: true });
    work.afterCommit(() => observer.parked?.(consumer, message, error));
  }

  /** The message waits behind others of its line that are parked. */
  async parkBehind(line: Line, message: Message): Promise<void> {
    await this.options.lot.park(line, message);
  }

  /** When to try again after so many attempts; nothing where no further try would help. */
  retryAfter(error: unknown, attempts: number): { readonly retryInMs?: number } {
    if (isPermanent(error) || attempts >= MAX_ATTEMPTS) return {};
    const retryInMs = backOffMs(attempts, this.options.chance());
    this.options.wakeIn(retryInMs + 1);
    return { retryInMs };
  }

  /** The line has no mark, and the message is so old that it may have had one, which was purged. */
  isForgotten(line: Line, { time }: Message): boolean {
    const { clock, inbox, rememberedMs } = this.options;
    return (
      (!inbox.knows(line) || inbox.mark(line).sequence === 0) && clock.now().getTime() - Date.parse(time) > rememberedMs
    );
  }
}
