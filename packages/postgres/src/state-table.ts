import type { Database } from './database.ts';
import { ConcurrencyError } from './errors.ts';
import { RANK, type Statement, type WriteBuffer } from './transaction.ts';

/** A state as it was stored: `version` counts the transactions that have changed it; 0 is a new one. */
export interface Stored<State> {
  readonly id: string;
  readonly version: number;
  readonly state: State;
}

export interface StateTableOptions<State> {
  /** In words, for `ConcurrencyError`. */
  readonly name: string;
  /** Answers `id, version, state` for `id = any($1)`; for a single one this becomes `id = $1`. */
  readonly load: string;
  /**
   * Stores `$1`, a JSON array of `{ id, version, state }` with the new versions; touches only rows of `version - 1`.
   * Where rows are deleted, it must not insert one of a later version than 1: it would bring the row back.
   * One that leaves out no row may ask `expect_version(table.version, excluded.version - 1, 'The order')`: that costs
   * the database less than to count the rows.
   */
  readonly store: string;
  readonly rank?: number;
  /** Turns what was read (JSON) into the state; dates, for instance. */
  readonly revive?: (state: State) => State;
}

/**
 * States that are loaded by id and stored whole, as a transaction sees them (identity map and unit of work, Fowler
 * 2002): each is read once and written once, at the end, in the order of the ids, guarded by its version.
 */
export class StateTable<State> {
  constructor(
    private readonly db: Database,
    private readonly options: StateTableOptions<State>,
  ) {}

  async find(id: string): Promise<Stored<State> | undefined> {
    return (await this.findMany([id])).get(id);
  }

  async findMany(ids: readonly string[]): Promise<Map<string, Stored<State>>> {
    const known = this.db.inTransaction ? this.#buffer() : undefined;
    const missing = [...new Set(ids)].filter((id) => !known?.has(id));
    const loaded = missing.length === 0 ? [] : await this.#load(missing);
    const { revive = (state: State) => state } = this.options;
    const found = new Map(loaded.map((row) => [row.id, { ...row, state: revive(row.state) }] as const));
    for (const id of missing) known?.loaded(id, found.get(id));
    for (const id of ids) {
      const stored = known?.get(id);
      if (stored) found.set(id, stored);
    }
    return found;
  }

  /**
   * Stores the state at the end of the transaction, and answers the version that it gets. `version` is the one that was
   * loaded, 0 for a new one.
   */
  async save({ id, version, state }: Stored<State>): Promise<number> {
    if (!this.db.inTransaction) return this.db.transaction(() => this.save({ id, version, state }));
    return this.#buffer().save({ id, version, state });
  }

  /** One is asked for by `=`: of an array the planner counts the elements, and plans anew each time. */
  #load(ids: readonly string[]): Promise<Stored<State>[]> {
    const { load } = this.options;
    if (ids.length > 1) return this.db.query(load, [ids]);
    return this.db.query(load.replace('= any($1)', '= $1'), [ids[0]]);
  }

  #buffer(): StateBuffer<State> {
    return this.db.buffer(this, () => new StateBuffer(this.options));
  }
}

interface Entry<State> {
  readonly stored: Stored<State> | undefined;
  readonly dirty: boolean;
}

class StateBuffer<State> implements WriteBuffer {
  readonly rank: number;
  readonly name: string;
  readonly #entries = new Map<string, Entry<State>>();
  readonly #undo: { id: string; entry: Entry<State> | undefined }[] = [];

  constructor(private readonly options: StateTableOptions<State>) {
    this.rank = options.rank ?? RANK.aggregates;
    this.name = options.name;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  get(id: string): Stored<State> | undefined {
    return this.#entries.get(id)?.stored;
  }

  loaded(id: string, stored: Stored<State> | undefined): void {
    if (!this.#entries.has(id)) this.#entries.set(id, { stored, dirty: false });
  }

  /** Within one transaction the version grows once, however often a state is saved. */
  save({ id, version, state }: Stored<State>): number {
    const entry = this.#entries.get(id);
    const next = entry?.dirty && entry.stored ? entry.stored.version : version + 1;
    if (version !== next && version !== next - 1) throw new ConcurrencyError(`${this.name} ${id}`, next);
    this.#undo.push({ id, entry });
    this.#entries.set(id, { stored: { id, version: next, state }, dirty: true });
    return next;
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
    const dirty = [...this.#entries.values()].flatMap(({ stored, dirty }) => (dirty && stored ? [stored] : []));
    if (dirty.length === 0) return [];
    dirty.sort((a, b) => (a.id < b.id ? -1 : 1));
    const { store: sql, name: what } = this.options;
    const values = [JSON.stringify(dirty)];
    return [sql.includes('expect_version(') ? { sql, values } : { sql, values, rows: dirty.length, what }];
  }
}
