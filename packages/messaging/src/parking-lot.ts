import { DomainError } from '@ashlar/domain';
import type { Gap } from './bus.ts';
import type { Line } from './inbox.ts';
import type { Message } from './message.ts';
import { ContractViolationError } from './subscription.ts';

export type ParkedStatus = 'retrying' | 'dead' | 'waiting' | 'discarded';

/** A message whose handling failed, or that waits behind one. */
export interface ParkedMessage extends Line {
  readonly id: string;
  readonly consumer: string;
  readonly sequence: number;
  readonly type: string;
  readonly status: ParkedStatus;
  readonly attempts: number;
  readonly error: string | null;
  readonly firstFailedAt: string;
  readonly nextAttemptAt: string | null;
  readonly message: Message;
}

export type ParkedHead = ParkedMessage & {
  readonly due: boolean;
  readonly last: boolean;
  /** The span of the try that failed last, as a traceparent. */
  readonly failedIn: string | null;
};

/**
 * Back-off between tries: exponential with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 */
const FIRST_MS = 200;
const MAX_MS = 10_000;
export const MAX_ATTEMPTS = 5;
export const MOVE_AT_ONCE = 100;

export const backOffMs = (attempts: number, chance: number): number =>
  Math.round(chance * Math.min(MAX_MS, FIRST_MS * 2 ** (attempts - 1)));

/** The message may have been handled: the mark of its line is no longer kept. An operator decides. */
export class TooOldError extends Error {
  override readonly name = 'TooOldError';
}

/** Another message has had this number: the source was restored from a backup. An operator decides. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/**
 * Newer code has begun what this process does not know, and will take it: while a new version comes, replicas of both
 * run. So it is tried for as long as it takes, and its line waits.
 */
export class OutdatedError extends Error {
  override readonly name = 'OutdatedError';
}

/** A refusal by a rule, or data that break their contract: no further try will change the answer. */
export const isPermanent = (error: unknown): boolean =>
  error instanceof ContractViolationError ||
  error instanceof TooOldError ||
  error instanceof DivergedError ||
  (error instanceof DomainError && error.fault !== 'unavailable');

/** Whether a further try could help after so many. */
export const mayTryAgain = (error: unknown, attempts: number): boolean =>
  error instanceof OutdatedError || (!isPermanent(error) && attempts < MAX_ATTEMPTS);

/** Why a message is parked, and when it may be tried again; never, where that is not told. */
export interface Failure {
  readonly error: unknown;
  readonly retryInMs?: number;
  /** The span of the try, as a traceparent; nothing where it was not tried. */
  readonly failedIn?: string;
}

/** The parking lot of one consumer: retries and dead letters, kept where the consumer keeps everything else. */
export interface ParkingLot {
  /** Parks a message, because it has failed or behind others of its line; coming again it is parked once. */
  park(line: Line, message: Message, failure?: Failure): Promise<void>;
  /** The first messages of a line that are still parked, in order; `last` where no other follows it. */
  heads(line: Line, limit: number): Promise<ParkedHead[]>;
  /**
   * Lines that wait for messages which nobody has, and what is missing before the first parked one: a hundred at most,
   * in the order of the lines, those that come after this one.
   */
  gaps(after?: Line): Promise<Gap[]>;
  /** Lines whose first message may move: a due retry, the next one by number, or one that was discarded. */
  movable(): Promise<Line[]>;
  remove(message: ParkedMessage): Promise<void>;
  /** Notes another failure; without `retryInMs` the message is dead. */
  failed(message: ParkedMessage, failure: Failure): Promise<void>;
}

/** The error as an operator reads it; never a stack, nor the one character that PostgreSQL does not take. */
export const describe = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).replaceAll('\0', '').slice(0, 1_000);
