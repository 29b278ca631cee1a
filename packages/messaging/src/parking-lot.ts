import { DomainError } from '@ashlar/domain';
import type { Database } from '@ashlar/postgres';
import type { Gap } from './bus.ts';
import type { Line } from './inbox.ts';
import { type Message, sequenceOf } from './message.ts';
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

export type ParkedHead = ParkedMessage & { readonly due: boolean; readonly last: boolean };

/**
 * Back-off between tries: exponential with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 */
const FIRST_MS = 200;
const MAX_MS = 10_000;
export const MAX_ATTEMPTS = 5;
export const MOVE_AT_ONCE = 100;

export const backOffMs = (attempts: number, chance: number): number =>
  Math.round(chance * Math.min(MAX_MS, FIRST_MS * 2 ** attempts));

/** The message may have been handled: the mark of its line is no longer kept. An operator decides. */
export class TooOldError extends Error {
  override readonly name = 'TooOldError';
}

/** Another message has had this number: the source was restored from a backup. An operator decides. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/** A refusal by a rule, or data that break their contract: no further try will change the answer. */
export const isPermanent = (error: unknown): boolean =>
  error instanceof ContractViolationError ||
  error instanceof TooOldError ||
  error instanceof DivergedError ||
  (error instanceof DomainError && error.fault !== 'unavailable');

const COLUMNS = `p.id, p.consumer, p.source, p.channel, p.key, p.sequence, p.type, p.status,
  p.attempts, p.error, p.first_failed_at as "firstFailedAt", p.next_attempt_at as "nextAttemptAt", p.message`;

/** The parking lot of one consumer: retries and dead letters, in the consumer's own database. */
export class ParkingLot {
  constructor(
    private readonly db: Database,
    private readonly consumer: string,
    private readonly nextId: () => string,
  ) {}

  /** Parks a message behind others of its line; coming again it is parked once. */
  async park(
    { channel, key, source }: Line,
    message: Message,
    failure?: { error: unknown; retryInMs?: number },
  ): Promise<void> {
    const status = !failure ? 'waiting' : failure.retryInMs === undefined ? 'dead' : 'retrying';
    await this.db.write({
      sql: `insert into parked_messages
        (id, consumer, source, channel, key, sequence, type, message, status, attempts, error, next_attempt_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
          clock_timestamp() + $12::bigint * interval '1 millisecond')
        on conflict do nothing`,
      values: [
        this.nextId(),
        this.consumer,
        source,
        channel,
        key,
        sequenceOf(message),
        message.type,
        JSON.stringify(message),
        status,
        failure ? 1 : 0,
        failure ? describe(failure.error) : null,
        failure?.retryInMs ?? null,
      ],
    });
  }

  /** The first message of a line that is still parked; `last` where no other follows it. */
  async head({ source, channel, key }: Line): Promise<ParkedHead | undefined> {
    const [head] = await this.db.query<ParkedHead>(
      `select ${COLUMNS}, coalesce(next_attempt_at <= clock_timestamp(), true) as due,
         not exists (
           select from parked_messages f
           where f.consumer = p.consumer and f.source = p.source and f.channel = p.channel and f.key = p.key
             and f.sequence > p.sequence) as last
       from parked_messages p
       where consumer = $1 and source = $2 and channel = $3 and key = $4 order by sequence limit 1`,
      [this.consumer, source, channel, key],
    );
    return head;
  }

  /** Lines that wait for messages which nobody has: what is missing before the first parked one. */
  async gaps(): Promise<Gap[]> {
    return this.db.query<Gap & { from: number }>(
      `select p.source, p.channel, p.key, i.sequence + 1 as "from", min(p.sequence) - 1 as "to" from parked_messages p
       join inbox i using (consumer, source, channel, key)
       where p.consumer = $1
       group by p.source, p.channel, p.key, i.sequence
       having min(p.sequence) > i.sequence + 1
       limit ${MOVE_AT_ONCE}`,
      [this.consumer],
    );
  }

  /** Lines whose first message may move: a due retry, the next one by number, or one that was discarded. */
  async movable(): Promise<Line[]> {
    return this.db.query<Line & { sequence: number }>(
      `select p.source, p.channel, p.key from parked_messages p
       join inbox i using (consumer, source, channel, key)
       where p.consumer = $1 and (
         p.status = 'discarded' or p.sequence <= i.sequence + 1
         and (p.status = 'waiting' or p.status = 'retrying' and p.next_attempt_at <= clock_timestamp()))
         and not exists (
           select from parked_messages f
           where f.consumer = p.consumer and f.source = p.source and f.channel = p.channel and f.key = p.key
             and f.sequence < p.sequence)
       limit ${MOVE_AT_ONCE}`,
      [this.consumer],
    );
  }

  async remove({ id }: ParkedMessage): Promise<void> {
    await this.db.write({
      sql: 'delete from parked_messages where id = $1',
      values: [id],
      rows: 1,
      what: 'A parked message',
    });
  }

  /** Notes another failure; without `retryInMs` the message is dead. */
  async failed({ id }: ParkedMessage, { error, retryInMs }: { error: unknown; retryInMs?: number }): Promise<void> {
    await this.db.write({
      sql: `update parked_messages set attempts = attempts + 1, error = $2, status = $3,
        next_attempt_at = clock_timestamp() + $4::bigint * interval '1 millisecond' where id = $1`,
      values: [id, describe(error), retryInMs === undefined ? 'dead' : 'retrying', retryInMs ?? null],
    });
  }
}

/** The error as an operator reads it; never a stack, nor the one character that PostgreSQL does not take. */
export const describe = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).replaceAll('\0', '').slice(0, 1_000);
