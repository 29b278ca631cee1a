import type { Database } from '@ashlar/postgres';
import type { ReadAllOptions, StoredEvent } from './event-store.ts';

const PAGE = 1_000;
const MOST_GAPS = 100;

/** Who holds a lock on the table, as of a moment; the names mean nothing after a restart of the server. */
interface Writers {
  readonly server: string;
  readonly names: ReadonlySet<string>;
}

/** Who may still fill a gap, and the event behind it when that was noted: with another one it is another gap. */
interface Note extends Writers {
  readonly behind: string;
}

type Look = { server: string; writers: string[]; isolation: string; cache: number; copy: boolean };

/**
 * Reads all events in position order. A missing position is either not committed yet, or rolled back: the reader notes
 * who holds a row-exclusive lock on the table now, and once none of them does, looks again; what is still missing will
 * never come. (A commit is visible before its locks are released, so this is exact; transaction ids would invert
 * streams.) A transaction that is prepared keeps its lock until it ends, and its name until the server recovers from a
 * crash; a savepoint that is rolled back gives up its positions with its lock.
 */
export class GapSafeReader {
  /** The gaps that are waited for, by their first position; one reader serves many. */
  readonly #pending = new Map<number, Note>();

  constructor(private readonly db: Database) {}

  async read({ after, limit = PAGE, upTo }: ReadAllOptions): Promise<StoredEvent[]> {
    if (upTo !== undefined) return this.#select(after, limit, upTo);
    const rows = await this.#select(after, limit);
    const gapAt = this.#firstGap(rows, after);
    const missing = after + 1;
    if (gapAt !== 0) {
      this.#pending.delete(missing);
      return gapAt === -1 ? rows : rows.slice(0, gapAt);
    }
    if (!(await this.#isRolledBack(missing, rows[0]!))) return [];
    this.#pending.delete(missing);
    return this.#readPastGap(after, limit);
  }

  #firstGap(rows: readonly StoredEvent[], after: number): number {
    return rows.findIndex(({ position }, index) => position !== after + 1 + index);
  }

  /** The writers are gone: what a new look shows behind the gap is final up to the next gap. */
  async #readPastGap(after: number, limit: number): Promise<StoredEvent[]> {
    const rows = await this.#select(after, limit);
    const next = rows.findIndex(({ position }, index) => index > 0 && position !== rows[index - 1]!.position + 1);
    return next === -1 ? rows : rows.slice(0, next);
  }

  async #isRolledBack(missing: number, { position, at }: StoredEvent): Promise<boolean> {
    const behind = `${position} at ${at.getTime()}`;
    const now = await this.#writers();
    const noted = this.#pending.get(missing);
    const holds = noted?.server === now.server && noted.behind === behind;
    const names = holds ? stillThere(noted, now) : now.names;
    this.#pending.delete(missing);
    this.#pending.set(missing, { server: now.server, behind, names });
    if (this.#pending.size > MOST_GAPS) this.#pending.delete(this.#pending.keys().next().value!);
    return names.size === 0;
  }

  /**
   * Throws where nobody could tell: a look at the past sees no commit, a replica knows nobody's locks, and a cached
   * sequence draws positions late.
   */
  async #writers(): Promise<Writers> {
    const [look] = await this.db.query<Look>(
      `select pg_postmaster_start_time()::text as server, current_setting('transaction_isolation') as isolation,
         pg_is_in_recovery() as copy,
         (select seqcache from pg_sequence
          where seqrelid = pg_get_serial_sequence('events', 'position')::regclass) as cache,
         array(
           select virtualtransaction from pg_locks
           where relation = 'events'::regclass and mode = 'RowExclusiveLock'
             and database = (select oid from pg_database where datname = current_database())
         ) as writers`,
    );
    const { server, writers, isolation, cache, copy } = look!;
    if (copy) throw new Error('All events are read on the primary: a replica does not know who is still writing.');
    if (isolation !== 'read committed') throw new Error(`All events are read at read committed, not at ${isolation}.`);
    if (cache !== 1) throw new Error(`The sequence of the events' positions caches ${cache}: readers would skip some.`);
    return { server, names: new Set(writers) };
  }

  async #select(after: number, limit: number, upTo = Number.MAX_SAFE_INTEGER): Promise<StoredEvent[]> {
    return this.db.query<StoredEvent>(
      `select position, stream, version, type, data, at from all_events
       where position > $1 and position <= $3 order by position limit $2`,
      [after, limit, upTo],
    );
  }
}

/** Of those who were noted; a crash ends them all, but for those whom it gives new names. */
const stillThere = (noted: Writers, now: Writers): ReadonlySet<string> =>
  new Set([...now.names].filter((name) => noted.names.has(name) || isRecovered(name)));

/** A prepared transaction from before a crash has no session any more. */
const isRecovered = (name: string): boolean => name.startsWith('-1/');
