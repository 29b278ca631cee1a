import { ConcurrencyError, type Database, RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';
import { GapSafeReader } from './gap-safe-reader.ts';

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

/** What the writer believes of the stream: its exact version, none yet, that it exists, or nothing. */
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
}

export interface ReadOptions {
  /** First and last version, both included. */
  readonly from?: number;
  readonly to?: number;
  readonly backwards?: boolean;
  readonly limit?: number;
  /** Only what had happened by then, to the millisecond. */
  readonly asOf?: Date;
}

export interface EventStore {
  /**
   * Appends in one round trip, or at the end of the ambient transaction. Throws ConcurrencyError, with the actual
   * version.
   */
  append(append: Append): Promise<void>;
  read(stream: string, options?: ReadOptions): Promise<StoredEvent[]>;
  /** All events after a position, in position order, never past a gap that may still fill. */
  readAll(options: { after: number; limit?: number }): Promise<StoredEvent[]>;
  /** The newest snapshot of this schema, and the events after it. */
  load(
    stream: string,
    schema?: number,
  ): Promise<{ snapshot: { state: unknown; version: number } | undefined; events: StoredEvent[] }>;
}

const EXPECTED = { none: 0, any: -1, exists: -2 } as const;
const COLUMNS = 'position, stream, version, type, data, at';

export class PostgresEventStore implements EventStore {
  readonly #reader: GapSafeReader;

  constructor(private readonly db: Database) {
    this.#reader = new GapSafeReader(db);
  }

  async append(append: Append): Promise<void> {
    if (append.events.length === 0) return;
    if (!this.db.inTransaction) return this.db.transaction(() => this.append(append), { retries: 0 });
    this.db.buffer(AppendBuffer, () => new AppendBuffer()).add(append);
  }

  async read(
    stream: string,
    { from = 1, to, backwards = false, limit, asOf }: ReadOptions = {},
  ): Promise<StoredEvent[]> {
    return this.db.query<StoredEvent>(
      `select ${COLUMNS} from events
       where stream = $1 and version >= $2 and ($3::bigint is null or version <= $3)
         and ($4::timestamptz is null or at < $4::timestamptz + interval '1 millisecond')
       order by version ${backwards ? 'desc' : 'asc'} limit $5`,
      [stream, from, to ?? null, asOf ?? null, limit ?? null],
    );
  }

  async readAll(options: { after: number; limit?: number }): Promise<StoredEvent[]> {
    return this.#reader.read(options);
  }

  async load(stream: string, schema = 0) {
    const rows = await this.db.query<StoredEvent & { state: unknown; snapshotVersion: number | null }>(
      `select s.state, s.at_version as "snapshotVersion", e.* from
         (select snapshot as state, snapshot_version as at_version from streams
          where stream = $1 and snapshot_schema = $2 union all select null, null limit 1) s
       left join (select ${COLUMNS} from events where stream = $1) e on e.version > coalesce(s.at_version, 0)
       order by e.version`,
      [stream, schema],
    );
    const { state, snapshotVersion } = rows[0] ?? { state: null, snapshotVersion: null };
    const snapshot = snapshotVersion === null ? undefined : { state, version: snapshotVersion };
    return { snapshot, events: rows.filter(({ version }) => version !== null) };
  }
}

/** The appends of one transaction, by whichever store: one call for all streams, in the order of their names. */
class AppendBuffer implements WriteBuffer {
  readonly rank = RANK.aggregates;
  readonly name = 'streams';
  readonly #appends: Append[] = [];

  add(append: Append): void {
    this.#appends.push(append);
  }

  mark(): number {
    return this.#appends.length;
  }

  restore(mark: unknown): void {
    this.#appends.length = mark as number;
  }

  flush(): readonly Statement[] {
    if (this.#appends.length === 0) return [];
    const appends = [...merged(this.#appends).values()];
    const [only] = appends;
    if (appends.length === 1 && only && !only.snapshot) return [toOneStream(only)];
    const batches = appends.map(({ stream, expected, events, snapshot }) => ({
      stream,
      expected: numberOf(expected),
      events,
      snapshot: snapshot?.state,
      schema: snapshot?.schema,
    }));
    return [{ sql: 'select * from append_events($1)', values: [JSON.stringify(batches)] }];
  }
}

const numberOf = (expected: ExpectedVersion): number => (typeof expected === 'number' ? expected : EXPECTED[expected]);

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
