import { type Database, RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';
import { type Inbox, type Line, lineId, type Mark, NEW_LINE } from './inbox.ts';

const READ = 'select source, channel, key, sequence, parked, last_id as "lastId", other_ids as "otherIds" from inbox';

const LOCK_ONE = `${READ} where consumer = $1 and source = $2 and channel = $3 and key = $4 for update`;

/**
 * Row by row through the primary key, in the order of the lines: no plan made for an empty table can spoil it. The
 * lines come as JSON, because of arrays the planner counts the elements, and plans each time anew.
 */
const LOCK = `
  select i.* from (select * from json_to_recordset($2) as line(source text, channel text, key text) order by 1, 2, 3)
    as line
  cross join lateral (
    ${READ} where consumer = $1 and inbox.source = line.source and inbox.channel = line.channel
      and inbox.key = line.key
    for update
  ) as i`;

/** `previous` is compared and set: two that believed the line to be theirs cannot both go on. A new line's is -1. */
const STORE = `
  on conflict (consumer, channel, key, source) do update
  set sequence = excluded.sequence, previous = excluded.previous, parked = excluded.parked,
    last_id = excluded.last_id, other_ids = excluded.other_ids, updated_at = clock_timestamp()
  where expect_version(inbox.sequence, excluded.previous, 'The inbox of ' || excluded.consumer)`;

const INSERT = 'insert into inbox (consumer, source, channel, key, sequence, previous, parked, last_id, other_ids)';

/** Without JSON to take apart: a third of the work of the database. */
const STORE_ONE = `${INSERT} values ($1, $2, $3, $4, $5, $6, $7, $8, $9) ${STORE}`;

const STORE_MANY = `
  ${INSERT}
  select $1, source, channel, key, sequence, previous, parked, "lastId", "otherIds"
  from json_to_recordset($2) as r (source text, channel text, key text, sequence bigint, previous bigint,
    parked boolean, "lastId" uuid, "otherIds" uuid[])
  order by source, channel, key
  ${STORE}`;

const PURGE_AT_ONCE = 10_000;

const IDLE = `consumer = $1 and not parked and updated_at < statement_timestamp() - $2 * interval '1 millisecond'`;

/** Up to a place in the table, and not those of a list: see the purge of the outbox. */
const PURGE = `
  with gone as (delete from inbox
    where ${IDLE} and ctid <= (
      select ctid from (select ctid from inbox where ${IDLE} order by ctid limit ${PURGE_AT_ONCE}) as first
      order by ctid desc limit 1)
    returning 1)
  select count(*) as purged from gone`;

interface Entry {
  readonly line: Line;
  readonly stored: number;
  readonly mark: Mark;
  readonly dirty: boolean;
}

/** Marks in a table: one row for each line. */
export class PostgresInbox implements Inbox {
  constructor(
    private readonly db: Database,
    private readonly consumer: string,
  ) {}

  async lock(lines: readonly Line[]): Promise<void> {
    const buffer = this.#buffer();
    const [only, ...others] = lines;
    const rows =
      only && others.length === 0
        ? await this.db.query<Line & Mark>(LOCK_ONE, [this.consumer, only.source, only.channel, only.key])
        : await this.db.query<Line & Mark>(LOCK, [this.consumer, JSON.stringify(lines)]);
    for (const { sequence, parked, lastId = null, otherIds, ...line } of rows)
      buffer.locked(line, { sequence, parked, lastId, ...(otherIds && { otherIds }) });
  }

  mark(line: Line): Mark {
    return this.#buffer().get(line);
  }

  knows(line: Line): boolean {
    return this.#buffer().has(line);
  }

  set(line: Line, mark: Mark): void {
    this.#buffer().set(line, mark);
  }

  /**
   * Drops the marks of lines that have been idle for so long, some at a time; never one with parked messages. The outer
   * condition is checked again after waiting for somebody who is handling a message of the line just now.
   */
  async purge(idleMs: number): Promise<void> {
    for (let purged = PURGE_AT_ONCE; purged === PURGE_AT_ONCE; ) {
      const [answer] = await this.db.execute<{ purged: number }>(PURGE, [this.consumer, idleMs]);
      purged = answer?.purged ?? 0;
    }
  }

  async read({ channel, key }: Pick<Line, 'channel' | 'key'>): Promise<number> {
    const [row] = await this.db.query<{ sequence: number }>(
      'select max(sequence) as sequence from inbox where consumer = $1 and channel = $2 and key = $3',
      [this.consumer, channel, key],
    );
    return row?.sequence ?? 0;
  }

  #buffer(): InboxBuffer {
    return this.db.buffer(this, () => new InboxBuffer(this.consumer));
  }
}

class InboxBuffer implements WriteBuffer {
  readonly rank = RANK.inbox;
  readonly name = 'inbox';
  readonly #entries = new Map<string, Entry>();
  readonly #undo: { id: string; entry: Entry | undefined }[] = [];

  constructor(private readonly consumer: string) {}

  /** A mark that this transaction has moved stays moved. */
  locked(line: Line, mark: Mark): void {
    if (this.#entries.get(lineId(line))?.dirty) return;
    this.#entries.set(lineId(line), { line, stored: mark.sequence, mark, dirty: false });
  }

  get(line: Line): Mark {
    return this.#entries.get(lineId(line))?.mark ?? NEW_LINE;
  }

  has(line: Line): boolean {
    return this.#entries.has(lineId(line));
  }

  set(line: Line, mark: Mark): void {
    const id = lineId(line);
    const entry = this.#entries.get(id);
    this.#undo.push({ id, entry });
    this.#entries.set(id, { line, stored: entry?.stored ?? -1, mark, dirty: true });
  }

  mark(): number {
    return this.#undo.length;
  }

  restore(mark: unknown): void {
    for (const { id, entry } of this.#undo.splice(mark as number).reverse()) {
      if (entry) this.#entries.set(id, entry);
      else this.#entries.delete(id);
    }
  }

  flush(): readonly Statement[] {
    const rows = [...this.#entries.values()]
      .filter(({ dirty }) => dirty)
      .map(({ line, stored, mark }) => ({ ...line, ...mark, previous: stored }));
    const [only, ...others] = rows;
    if (!only) return [];
    if (others.length > 0) return [{ sql: STORE_MANY, values: [this.consumer, JSON.stringify(rows)] }];
    const { source, channel, key, sequence, previous, parked, lastId = null, otherIds = null } = only;
    const values = [this.consumer, source, channel, key, sequence, previous, parked, lastId, otherIds];
    return [{ sql: STORE_ONE, values }];
  }
}
