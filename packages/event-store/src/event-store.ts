import { DomainError, type Stop } from '@ashlar/domain';
import { ConcurrencyError, type Database, RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';
import { appendedTo } from './appended.ts';
import type { EventTypes } from './event-types.ts';
import { GapSafeReader } from './gap-safe-reader.ts';
import { checkAppend, checkReading, checkStream } from './storable.ts';

/** An event before it is stored. */
export interface NewEvent {
  readonly type: string;
  readonly data: unknown;
}

/** An event as it was stored. Versions count within the stream from 1, positions across the whole store. */
export interface StoredEvent extends NewEvent {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly at: Date;
}

/** The version that the writer expects: a number, no stream yet, an existing stream, or anything. */
export type ExpectedVersion = number | 'none' | 'exists' | 'any';

export interface Snapshot {
  readonly state: unknown;
  /** A snapshot of another schema is ignored, not migrated. */
  readonly schema: number;
}

export interface Append {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: readonly NewEvent[];
  readonly snapshot?: Snapshot;
  /** Ends the stream with these events: later appends are refused with `stream_ended`. */
  readonly ends?: boolean;
}

export interface ReadOptions {
  /** First and last version, inclusive. */
  readonly from?: number;
  readonly to?: number;
  readonly backwards?: boolean;
  readonly limit?: number;
  /** Only what had happened by then, to the millisecond. */
  readonly asOf?: Date;
}

export interface ReadAllOptions {
  readonly after: number;
  readonly limit?: number;
  /** Not beyond this position. The caller has read past it before, so that no gap below it can still fill. */
  readonly upTo?: number;
}

export interface EventStore {
  /** The event types with their upcasters; without them events are read as they were stored. */
  readonly types?: EventTypes | undefined;
  /**
   * Appends in one round trip, or at the end of the ambient transaction. Throws ConcurrencyError, with the actual
   * version; DomainError `stream_ended` (conflict); TypeError for names and data that would not read back as written.
   */
  append(append: Append): Promise<void>;
  /** Throws TypeError for what is no number or no moment; so does `readAll`. */
  read(stream: string, options?: ReadOptions): Promise<StoredEvent[]>;
  /** All events after a position, in position order, never past a gap that may still fill. */
  readAll(options: ReadAllOptions): Promise<StoredEvent[]>;
  /**
   * Calls back after each commit of an append by this process, not after those of others. Absent where the store cannot
   * tell.
   */
  onAppended?(listener: () => void): Stop;
  /** The highest committed position, 0 before the first; lower ones may still be in flight. */
  head(): Promise<number>;
  /** The newest snapshot of this schema, and the events after it. */
  load(
    stream: string,
    schema?: number,
  ): Promise<{ snapshot: { state: unknown; version: number } | undefined; events: StoredEvent[] }>;
}

const EXPECTED = { none: 0, any: -1, exists: -2 } as const;
/** What no stream is at, for numbers that are no version: -1 would mean any. */
const NOWHERE = -3;
const COLUMNS = 'position, stream, version, type, data, at';

export class PostgresEventStore implements EventStore {
  readonly #reader: GapSafeReader;

  constructor(
    private readonly db: Database,
    readonly types?: EventTypes,
  ) {
    this.#reader = new GapSafeReader(db);
  }

  async append(append: Append): Promise<void> {
    checkAppend(append);
    if (append.events.length === 0 && !append.ends) return;
    if (!this.db.inTransaction) return this.db.transaction(() => this.append(append), { retries: 0 });
    const events = append.events.map((event) => this.types?.toStored(event) ?? event);
    this.db.buffer(AppendBuffer, () => new AppendBuffer(appendedTo(this.db))).add({ ...append, events });
  }

  onAppended(listener: () => void): Stop {
    return appendedTo(this.db).listen(listener);
  }

  async read(stream: string, options: ReadOptions = {}): Promise<StoredEvent[]> {
    checkStream(stream);
    checkReading(options);
    const { from = 1, to, backwards = false, limit, asOf } = options;
    const rows = await this.db.query<StoredEvent>(
      `select ${COLUMNS} from all_events
       where stream = $1 and version >= $2 and ($3::bigint is null or version <= $3)
         and ($4::timestamptz is null or at < $4::timestamptz + interval '1 millisecond')
       order by version ${backwards ? 'desc' : 'asc'} limit $5`,
      [stream, from, to ?? null, asOf ?? null, limit ?? null],
    );
    return this.#asOfToday(rows);
  }

  async readAll(options: ReadAllOptions): Promise<StoredEvent[]> {
    checkReading(options);
    return this.#asOfToday(await this.#reader.read(options));
  }

  async head(): Promise<number> {
    const [row] = await this.db.query<{ head: number }>('select coalesce(max(position), 0) as head from all_events');
    return row!.head;
  }

  async load(stream: string, schema = 0) {
    checkStream(stream);
    const rows = await this.db.query<StoredEvent & { state: unknown; snapshotVersion: number | null }>(
      `select s.state, s.at_version as "snapshotVersion", e.* from
         (select snapshot as state, snapshot_version as at_version from streams
          where stream = $1 and snapshot_schema = $2 union all select null, null limit 1) s
       left join (select ${COLUMNS} from all_events where stream = $1) e on e.version > coalesce(s.at_version, 0)
       order by e.version`,
      [stream, schema],
    );
    const { state, snapshotVersion } = rows[0] ?? { state: null, snapshotVersion: null };
    const snapshot = snapshotVersion === null ? undefined : { state, version: snapshotVersion };
    return { snapshot, events: this.#asOfToday(rows.filter(({ version }) => version !== null)) };
  }

  #asOfToday(events: StoredEvent[]): StoredEvent[] {
    const { types } = this;
    return types ? events.map((event) => types.toToday(event)) : events;
  }
}

/** The appends of one transaction, by whichever store: one call for all streams, in the order of their names. */
class AppendBuffer implements WriteBuffer {
  readonly rank = RANK.aggregates;
  readonly name = 'streams';
  readonly #appends: Append[] = [];

  constructor(private readonly appended: { tell(): void }) {}

  add(append: Append): void {
    this.#appends.push(append);
  }

  mark(): number {
    return this.#appends.length;
  }

  restore(mark: unknown): void {
    this.#appends.length = mark as number;
  }

  committed(): void {
    if (this.#appends.length > 0) this.appended.tell();
  }

  flush(): readonly Statement[] {
    if (this.#appends.length === 0) return [];
    const appends = [...merged(this.#appends).values()];
    const [only] = appends;
    if (appends.length === 1 && only && !only.snapshot && !only.ends) return [toOneStream(only)];
    const batches = appends.map(({ stream, expected, events, snapshot, ends }) => ({
      stream,
      expected: numberOf(expected),
      events: events.map(({ type, data }) => ({ type, data: data ?? null })),
      snapshot: snapshot?.state,
      schema: snapshot?.schema,
      ends,
    }));
    return [{ sql: 'select * from append_events($1)', values: [JSON.stringify(batches)] }];
  }
}

function numberOf(expected: ExpectedVersion): number {
  if (typeof expected !== 'number') return EXPECTED[expected];
  return Number.isSafeInteger(expected) && expected >= 0 ? expected : NOWHERE;
}

const toOneStream = ({ stream, expected, events }: Append): Statement => ({
  sql: 'select append_to_stream($1, $2, $3, $4)',
  values: [
    stream,
    numberOf(expected),
    events.map(({ type }) => type),
    events.map(({ data }) => JSON.stringify(data ?? null)),
  ],
});

/** Several appends to one stream in one transaction are one: each must expect what the one before it leaves. */
function merged(appends: readonly Append[]): Map<string, Append> {
  const byStream = new Map<string, Append>();
  for (const append of appends) {
    const before = byStream.get(append.stream);
    if (!before) {
      byStream.set(append.stream, append);
      continue;
    }
    if (before.ends) throw new DomainError('stream_ended', 'conflict', `The stream ${append.stream} has ended.`);
    const expected = both(before, append);
    if (expected === undefined) throw new ConcurrencyError(`stream ${append.stream}`);
    byStream.set(append.stream, { ...append, expected, events: [...before.events, ...append.events] });
  }
  return byStream;
}

/** What two appends in a row expect of the stream before the first of them; undefined if they contradict each other. */
function both(before: Append, append: Append): ExpectedVersion | undefined {
  if (append.expected === 'none') return undefined;
  if (typeof append.expected !== 'number') return before.expected;
  const start = append.expected - before.events.length;
  if (start < 0) return undefined;
  if (before.expected === 'any') return start;
  if (before.expected === 'exists') return start > 0 ? start : undefined;
  return start === (before.expected === 'none' ? 0 : before.expected) ? before.expected : undefined;
}
