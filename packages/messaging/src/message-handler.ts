import type { Chance, Clock } from '@ashlar/domain';
import { isRetryable, isUnreachable, type UnitOfWork } from '@ashlar/postgres';
import { formatTraceparent, parseTraceparent, runInContext, type Tracing } from '@ashlar/telemetry';
import type { ConsumerObserver } from './consumer-options.ts';
import { after, type Inbox, isNumberedAgain, type Line, lineOf } from './inbox.ts';
import { contextOf, type Message, numberOf, type Parcel } from './message.ts';
import { backOffMs, type Failure, mayTryAgain, type ParkingLot, TooOldError } from './parking-lot.ts';
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
  /** In which span a message has failed. */
  readonly #failedIn = new WeakMap<Message, string>();

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
    inbox.set(line, after(inbox.mark(line), numberOf(message)));
  }

  /** Its number is handled, and so, as far as anybody can tell, is the message. */
  drop({ channel, message }: Parcel): void {
    const { consumer, inbox, work, observer } = this.options;
    if (!isNumberedAgain(inbox.mark(lineOf({ channel, message })), numberOf(message))) return;
    work.afterCommit(() => observer.numberedAgain?.(consumer, { channel, message }));
  }

  /** A try after others is told beside them, under the same parent, and linked to the one before. */
  async dispatch(message: Message, failedIn?: string | null): Promise<void> {
    const { consumer, work, dispatcher, tracing, observer } = this.options;
    if (!dispatcher.concerns(message)) return;
    const attributes = {
      'messaging.system': 'ashlar',
      'messaging.operation.name': 'process',
      'messaging.message.id': message.id,
      'cloudevents.event_type': message.type,
    };
    const before = parseTraceparent(failedIn ?? undefined);
    const links = before && { links: [before] };
    const name = `${consumer} ${message.type}`;
    const span = tracing.begin({ name, kind: 'consumer', attributes, ...links }, contextOf(message));
    try {
      await runInContext(span.context, () => this.#observed(message));
      span.end();
    } catch (error) {
      span.end(error);
      this.#failedIn.set(message, formatTraceparent(span.context.trace));
      throw error;
    }
    work.afterCommit(() => observer.handled?.(consumer, message));
  }

  async #observed(message: Message): Promise<void> {
    const { consumer, dispatcher, observer } = this.options;
    const ended = observer.begins?.(consumer, message);
    try {
      await dispatcher.dispatch(message);
      ended?.();
    } catch (error) {
      ended?.(error);
      throw error;
    }
  }

  /** The message leaves the line for the parking lot, and those that follow go there as well. */
  async park(line: Line, message: Message, error: unknown): Promise<void> {
    const { consumer, work, inbox, lot, observer } = this.options;
    await lot.park(line, message, this.failure(message, { error, attempts: 1 }));
    inbox.set(line, { ...inbox.mark(line), parked: true });
    work.afterCommit(() => observer.parked?.(consumer, message, error));
  }

  /** The message waits behind others of its line that are parked. */
  async parkBehind(line: Line, message: Message): Promise<void> {
    await this.options.lot.park(line, message);
  }

  /** Why and where it has failed, and when to try again after so many attempts, if a further try could help. */
  failure(message: Message, { error, attempts }: { error: unknown; attempts: number }): Failure {
    const failedIn = this.#failedIn.get(message);
    const failure = { error, ...(failedIn !== undefined && { failedIn }) };
    if (!mayTryAgain(error, attempts)) return failure;
    const retryInMs = backOffMs(attempts, this.options.chance());
    this.options.wakeIn(retryInMs + 1);
    return { ...failure, retryInMs };
  }

  /** The line has no mark, and the message is so old that it may have had one, which was purged. */
  isForgotten(line: Line, { time }: Message): boolean {
    const { clock, inbox, rememberedMs } = this.options;
    return (
      (!inbox.knows(line) || inbox.mark(line).sequence === 0) && clock.now().getTime() - Date.parse(time) > rememberedMs
    );
  }
}
