import type { Database } from '@ashlar/postgres';
import type { StoredEvent } from './event-store.ts';

const PAGE = 1_000;
const MOST_GAPS = 100;

/**
 * Reads all events in position order. A missing position is either not committed yet, or rolled back: the reader notes
 * who holds a row-exclusive lock on the table now, and once none of them does, looks again; what is still missing will
 * never come. (A commit is visible before its locks are released, so this is exact; transaction ids would invert
 * streams.)
 */
export class GapSafeReader {
  /**
   * The gaps that are waited for, by their first position, with the writers that may still fill them; one reader serves
   * many.
   */
  readonly #pending = new Map<number, ReadonlySet<string>>();

  constructor(private readonly db: Database) {}

  async read({ after, limit = PAGE }: { after: number; limit?: number }): Promise<StoredEvent[]> {
    const rows = await this.#select(after, limit);
    const gapAt = this.#firstGap(rows, after);
    const missing = after + 1;
    if (gapAt !== 0) {
      this.#pending.delete(missing);
      return gapAt === -1 ? rows : rows.slice(0, gapAt);
    }
    if (!(await this.#isRolledBack(missing))) return [];
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

  async #isRolledBack(missing: number): Promise<boolean> {
    const writers = await this.#writers();
    const noted = this.#pending.get(missing);
    const waiting = noted ? new Set([...noted].filter((writer) => writers.has(writer))) : writers;
    this.#pending.delete(missing);
    this.#pending.set(missing, waiting);
    if (this.#pending.size > MOST_GAPS) this.#pending.delete(this.#pending.keys().next().value!);
    return waiting.size === 0;
  }

  async #writers(): Promise<Set<string>> {
    const rows = await this.db.query<{ writer: string }>(
      `select virtualtransaction as writer from pg_locks
       where relation = 'events'::regclass and mode = 'RowExclusiveLock'
         and database = (select oid from pg_database where datname = current_database())`,
    );
    return new Set(rows.map(({ writer }) => writer));
  }

  async #select(after: number, limit: number): Promise<StoredEvent[]> {
    return this.db.query<StoredEvent>(
      'select position, stream, version, type, data, at from events where position > $1 order by position limit $2',
      [after, limit],
    );
  }
}
