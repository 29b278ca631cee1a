import type { Database } from '@ashlar/postgres';
import type { Gap } from './bus.ts';
import type { OutboxRow } from './message.ts';
import type { Missing, OutboxRows, Page } from './outbox-rows.ts';

const SELECT = `
  select position, id, channel, key, sequence, type,
    to_char(time at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time, data, context
  from outbox`;

/** Of what PostgreSQL can subtract from today. */
const LONGEST_MS = 10 * 365 * 86_400_000;

/**
 * A mark that a crash takes away is set again: the row is published once more, and known. So nobody waits for the
 * disk.
 */
const MARK = `
  update outbox set published_at = clock_timestamp()
  where position = any($1) and published_at is null
    and (select set_config('synchronous_commit', 'off', true)) is not null`;

/**
 * Up to a position, and not those of a list: where the planner takes the table for empty, as after a quiet day, it goes
 * through the list for each row, and ten thousand take half a minute.
 */
const PURGE = `
  with gone as (delete from outbox
    where published_at < statement_timestamp() - $1 * interval '1 millisecond' and position <= (
      select max(position) from (
        select position from outbox where published_at < statement_timestamp() - $1 * interval '1 millisecond'
        order by position limit $2) as oldest)
    returning 1)
  select count(*) as purged from gone`;

/** The rows of an outbox table. */
export class PostgresOutboxRows implements OutboxRows {
  constructor(private readonly db: Database) {}

  async unpublished({ after, limit }: Page, ageMs: number): Promise<OutboxRow[]> {
    return this.db.query<OutboxRow>(
      `${SELECT} where published_at is null and position > $1
         and created_at <= clock_timestamp() - $2 * interval '1 millisecond' order by position limit $3`,
      [after, ageMs, limit],
    );
  }

  async ofChannel(channel: string, { after, limit }: Page): Promise<OutboxRow[]> {
    return this.db.query<OutboxRow>(`${SELECT} where channel = $1 and position > $2 order by position limit $3`, [
      channel,
      after,
      limit,
    ]);
  }

  async publishedWithin(ms: number, channel: string, { after, limit }: Page): Promise<OutboxRow[]> {
    return this.db.query<OutboxRow>(
      `${SELECT} where channel = $1 and published_at >= clock_timestamp() - $2 * interval '1 millisecond'
         and position > $3 order by position limit $4`,
      [channel, Math.min(ms, LONGEST_MS), after, limit],
    );
  }

  async since(time: Date, { after, limit }: Page): Promise<OutboxRow[]> {
    return this.db.query<OutboxRow>(`${SELECT} where time >= $1 and position > $2 order by position limit $3`, [
      time,
      after,
      limit,
    ]);
  }

  async countSince(time: Date): Promise<number> {
    const [answer] = await this.db.query<{ count: number }>('select count(*) as count from outbox where time >= $1', [
      time,
    ]);
    return answer?.count ?? 0;
  }

  async missing(): Promise<Missing[]> {
    return this.db.query<Missing & { channel: string }>(
      `select channel, count(*) as keys, sum(gone)::bigint as messages from (
         select k.channel, k.sequence - count(o.position) as gone
         from outbox_keys k left join outbox o on o.channel = k.channel and o.key = k.key
         group by k.channel, k.key, k.sequence) as lines
       where gone > 0 group by channel order by channel`,
    );
  }

  async ofLine({ channel, key, from, to }: Gap, limit: number): Promise<OutboxRow[]> {
    return this.db.query<OutboxRow>(
      `${SELECT} where channel = $1 and key = $2 and sequence between $3 and $4 order by sequence limit $5`,
      [channel, key, from, to, limit],
    );
  }

  async floorOf({ channel, key, from }: Pick<Gap, 'channel' | 'key' | 'from'>): Promise<number | undefined> {
    const [oldest] = await this.db.query<{ floor: number | null }>(
      'select min(sequence) as floor from outbox where channel = $1 and key = $2 and sequence >= $3',
      [channel, key, from],
    );
    return oldest?.floor ?? undefined;
  }

  async markPublished(positions: readonly number[]): Promise<void> {
    await this.db.execute(MARK, [positions]);
  }

  async purge(retentionMs: number, limit: number): Promise<number> {
    const [answer] = await this.db.execute<{ purged: number }>(PURGE, [retentionMs, limit]);
    return answer?.purged ?? 0;
  }
}
