import type { Database } from '@ashlar/postgres';
import type { Gap } from './bus.ts';
import type { Line } from './inbox.ts';
import { type Message, sequenceOf } from './message.ts';
import {
  describe,
  type Failure,
  MOVE_AT_ONCE,
  type ParkedHead,
  type ParkedMessage,
  type ParkingLot,
} from './parking-lot.ts';

/** A time as JSON has it. */
export const isoOf = (column: string): string =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const COLUMNS = `p.id, p.consumer, p.source, p.channel, p.key, p.sequence, p.type, p.status, p.attempts, p.error,
  ${isoOf('p.first_failed_at')} as "firstFailedAt", ${isoOf('p.next_attempt_at')} as "nextAttemptAt", p.message`;

/** The lines of a consumer, each with its first parked message: those behind it are not looked at. */
const LINES = `inbox i cross join lateral (
  select sequence, status, next_attempt_at from parked_messages m
  where m.consumer = i.consumer and m.source = i.source and m.channel = i.channel and m.key = i.key
  order by sequence limit 1) p`;

/** A parking lot in a table. */
export class PostgresParkingLot implements ParkingLot {
  constructor(
    private readonly db: Database,
    private readonly consumer: string,
    private readonly nextId: () => string,
  ) {}

  async park({ channel, key, source }: Line, message: Message, failure?: Failure): Promise<void> {
    const status = !failure ? 'waiting' : failure.retryInMs === undefined ? 'dead' : 'retrying';
    await this.db.write({
      sql: `insert into parked_messages
        (id, consumer, source, channel, key, sequence, type, message, status, attempts, error, next_attempt_at,
         failed_in)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
          clock_timestamp() + $12::bigint * interval '1 millisecond', $13)
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
        failure?.failedIn ?? null,
      ],
    });
  }

  /** One more is read, to know which is the last. */
  async heads({ source, channel, key }: Line, limit: number): Promise<ParkedHead[]> {
    const rows = await this.db.query<Omit<ParkedHead, 'last'>>(
      `select ${COLUMNS}, failed_in as "failedIn", coalesce(next_attempt_at <= clock_timestamp(), true) as due
       from parked_messages p
       where consumer = $1 and source = $2 and channel = $3 and key = $4 order by sequence limit $5`,
      [this.consumer, source, channel, key, limit + 1],
    );
    return rows.slice(0, limit).map((row, at) => ({ ...row, last: at === rows.length - 1 }));
  }

  async gaps(after?: Line): Promise<Gap[]> {
    return this.db.query<Gap & { from: number }>(
      `select i.source, i.channel, i.key, i.sequence + 1 as "from", p.sequence - 1 as "to" from ${LINES}
       where i.consumer = $1 and i.parked and p.sequence > i.sequence + 1
         and ($2::text is null or (i.source, i.channel, i.key) > ($2, $3, $4))
       order by i.source, i.channel, i.key limit ${MOVE_AT_ONCE}`,
      [this.consumer, after?.source ?? null, after?.channel ?? null, after?.key ?? null],
    );
  }

  async movable(): Promise<Line[]> {
    return this.db.query<Line & { sequence: number }>(
      `select i.source, i.channel, i.key from ${LINES}
       where i.consumer = $1 and i.parked and (
         p.status = 'discarded' or p.sequence <= i.sequence + 1
         and (p.status = 'waiting' or p.status = 'retrying' and p.next_attempt_at <= clock_timestamp()))
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

  async failed({ id }: ParkedMessage, { error, retryInMs, failedIn }: Failure): Promise<void> {
    await this.db.write({
      sql: `update parked_messages set attempts = attempts + 1, error = $2, status = $3,
        next_attempt_at = clock_timestamp() + $4::bigint * interval '1 millisecond', failed_in = coalesce($5, failed_in)
        where id = $1`,
      values: [id, describe(error), retryInMs === undefined ? 'dead' : 'retrying', retryInMs ?? null, failedIn ?? null],
    });
  }
}
