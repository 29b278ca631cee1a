import { OutdatedError } from '@ashlar/messaging';
import { type Database, RANK, type Statement, type WriteBuffer } from '@ashlar/postgres';

export interface ModelBufferOptions {
  readonly db: Database;
  readonly name: string;
  readonly version: number;
  /** Where a successor is filled. */
  readonly schema: string;
  readonly requestId: (run: number) => string;
}

/** A row that says everything about its subject, as of a version: an older one is not needed beside it. */
export interface WholeRow {
  readonly id: string;
  readonly version: number;
  readonly [column: string]: unknown;
}

/** A statement, or a row for one that takes many. */
type Write = { readonly statement: Statement } | { readonly sql: string; readonly row: WholeRow };

/** What a transaction finds when it is about to write: the read model, and its successor if there is one. */
interface Found {
  readonly version: number;
  readonly path: string;
  readonly run: number | null;
}

/** All that the messages of a transaction write to a read model and to its successor, and how far both come by it. */
export class ModelBuffer implements WriteBuffer {
  readonly rank = RANK.others;
  readonly name: string;
  #found: Found | undefined;
  #writes: Write[] = [];
  #times: string[] = [];
  #restated: string[] = [];
  #expected: { readonly requestId: string; readonly count: number }[] = [];

  constructor(private readonly options: ModelBufferOptions) {
    this.name = `read model ${options.name}`;
  }

  write(statement: Statement): void {
    this.#writes.push({ statement });
  }

  put(sql: string, row: WholeRow): void {
    this.#writes.push({ sql, row });
  }

  /** A message was taken in, perhaps as part of what was asked for. */
  note(time: string, requestId: string | undefined): void {
    this.#times.push(time);
    if (requestId !== undefined) this.#restated.push(requestId);
  }

  expect(requestId: string, count: number): void {
    this.#expected.push({ requestId, count });
  }

  mark(): unknown {
    return [this.#writes.length, this.#times.length, this.#restated.length, this.#expected.length];
  }

  restore(mark: unknown): void {
    const [writes, times, restated, expected] = mark as [number, number, number, number];
    this.#writes.length = writes;
    this.#times.length = times;
    this.#restated.length = restated;
    this.#expected.length = expected;
  }

  /** Whether there is a successor must not change before the commit: both begin and end under this lock. */
  async prepare(): Promise<void> {
    if (this.#found) return;
    const { db, name } = this.options;
    const [[model], [rebuild]] = await Promise.all([
      db.query<{ version: number; path: string }>(
        `select version, current_setting('search_path') as path from projections where name = $1 for update`,
        [name],
      ),
      db.query<{ run: number }>('select run from projection_rebuilds where name = $1', [name]),
    ]);
    if (!model) throw new Error(`The read model ${name} has not been prepared.`);
    this.#found = { ...model, run: rebuild?.run ?? null };
  }

  flush(): readonly Statement[] {
    const { name, version, schema } = this.options;
    const { version: present, path, run } = this.#found!;
    if (present > version)
      throw new OutdatedError(`There is a newer version of ${name}, which this process does not know.`);
    const writes = this.#statements();
    return [
      ...(present === version ? writes : []),
      ...(run !== null ? [enter(`"${schema}", ${path}`), ...writes.map(unchecked), enter(path)] : []),
      ...this.#checkpoint(),
      ...(run !== null ? this.#rebuilt(run) : []),
    ];
  }

  /** In the order in which they were made; rows for the same statement go with the first of them. */
  #statements(): Statement[] {
    const rows = new Map<string, Map<string, WholeRow>>();
    const ordered = this.#writes.flatMap((write) => {
      if ('statement' in write) return [() => write.statement];
      const { sql, row } = write;
      const newest = rows.get(sql);
      if ((newest?.get(row.id)?.version ?? -1) <= row.version) rows.set(sql, (newest ?? new Map()).set(row.id, row));
      return newest ? [] : [() => ({ sql, values: [JSON.stringify([...rows.get(sql)!.values()])] })];
    });
    return ordered.map((statement) => statement());
  }

  #checkpoint(): Statement[] {
    if (this.#times.length === 0) return [];
    return [
      {
        sql: `update projections set position = position + $2, last_at = greatest(last_at, $3),
                updated_at = clock_timestamp() where name = $1`,
        values: [this.options.name, this.#times.length, this.#times.toSorted().at(-1)],
      },
    ];
  }

  #rebuilt(run: number): Statement[] {
    const requestId = this.options.requestId(run);
    const restated = this.#restated.filter((id) => id === requestId).length;
    const expected = this.#expected.findLast((one) => one.requestId === requestId)?.count ?? null;
    if (restated === 0 && expected === null) return [];
    return [
      {
        sql: `update projection_rebuilds set position = position + $2, expected = coalesce($3::bigint, expected)
              where run = $1`,
        values: [run, restated, expected],
      },
    ];
  }
}

const enter = (path: string): Statement => ({ sql: `select set_config('search_path', $1, true)`, values: [path] });

/** What was raced for was decided in the read model. */
const unchecked = ({ sql, values = [] }: Statement): Statement => ({ sql, values });
