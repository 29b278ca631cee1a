import { ConcurrencyError, RANK, type Stored } from '@ashlar/postgres';
import { asJson } from './json.ts';
import type { Constraint } from './memory-constraints.ts';
import type { Change, ChangeBuffer, MemoryWork } from './memory-work.ts';

export interface MemoryStatesOptions<State> {
  /** In words, for `ConcurrencyError`. */
  readonly name: string;
  readonly rank?: number;
  /** Turns what was read (JSON) into the state; dates, for instance. */
  readonly revive?: (state: State) => State;
  /** What the table refuses. */
  readonly constraints?: readonly Constraint<State>[];
}

/** What a table of states holds, for as long as its service exists. */
export type StoredStates<State> = Map<string, Stored<State>>;

/** The same as `StateTable`, on memory: each state is read once and written once, guarded by its version. */
export class MemoryStates<State> {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredStates<State>,
    private readonly options: MemoryStatesOptions<State>,
  ) {}

  async find(id: string): Promise<Stored<State> | undefined> {
    return (await this.findMany([id])).get(id);
  }

  async findMany(ids: readonly string[]): Promise<Map<string, Stored<State>>> {
    const known = this.work.inTransaction ? this.#buffer() : undefined;
    const missing = [...new Set(ids)].filter((id) => !known?.has(id));
    const found = new Map<string, Stored<State>>();
    if (missing.length > 0) {
      const loaded = await this.work.read(`reads ${this.options.name}`, () =>
        missing.map((id) => [id, this.stored.get(id)] as const),
      );
      for (const [id, stored] of loaded) {
        const state = stored && this.#read(stored);
        known?.loaded(id, state);
        if (state) found.set(id, state);
      }
    }
    for (const id of ids) {
      const state = known?.get(id);
      if (state) found.set(id, state);
    }
    return found;
  }

  /** Answers the version that it gets. */
  async save(state: Stored<State>): Promise<number> {
    if (!this.work.inTransaction) return this.work.transaction(() => this.save(state));
    return this.#buffer().save(state);
  }

  /** The committed states that are wanted, by id; one that this transaction has loaded is not looked at here. */
  async select(what: string, isWanted: (row: Stored<State>) => boolean): Promise<Stored<State>[]> {
    const found = await this.work.read(what, () => [...this.stored.values()].filter(isWanted));
    return found.map((row) => this.#read(row)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Removes what is meant, at the end of the transaction. */
  async remove(what: string, isMeant: (row: Stored<State>) => boolean): Promise<void> {
    await this.work.change(what, () => {
      for (const row of [...this.stored.values()]) if (isMeant(row)) this.stored.delete(row.id);
    });
  }

  /** Locks these rows until the end of the transaction: whoever changes one of them waits. */
  async lock(ids: readonly string[]): Promise<void> {
    const { name } = this.options;
    await this.work.lock([...ids].sort().map((id) => rowOf(name, id)));
  }

  #read({ id, version, state }: Stored<State>): Stored<State> {
    const { revive = (read: State) => read } = this.options;
    return { id, version, state: revive(asJson(state)) };
  }

  #buffer(): StatesBuffer<State> {
    return this.work.stage(this, () => new StatesBuffer(this.stored, this.options));
  }
}

interface Entry<State> {
  readonly state: Stored<State> | undefined;
  readonly isDirty: boolean;
}

class StatesBuffer<State> implements ChangeBuffer {
  readonly rank: number;
  readonly name: string;
  #entries = new Map<string, Entry<State>>();

  constructor(
    private readonly stored: StoredStates<State>,
    private readonly options: MemoryStatesOptions<State>,
  ) {
    this.name = options.name;
    this.rank = options.rank ?? RANK.aggregates;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  get(id: string): Stored<State> | undefined {
    return this.#entries.get(id)?.state;
  }

  loaded(id: string, state: Stored<State> | undefined): void {
    if (!this.#entries.has(id)) this.#entries.set(id, { state, isDirty: false });
  }

  save({ id, version, state }: Stored<State>): number {
    const entry = this.#entries.get(id);
    const next = entry?.isDirty && entry.state ? entry.state.version : version + 1;
    if (version !== next && version !== next - 1) throw new ConcurrencyError(`${this.name} ${id}`, next);
    this.#entries.set(id, { state: { id, version: next, state }, isDirty: true });
    return next;
  }

  mark(): unknown {
    return new Map(this.#entries);
  }

  restore(mark: unknown): void {
    this.#entries = new Map(mark as Map<string, Entry<State>>);
  }

  changes(): Change[] {
    const changed = [...this.#entries.values()].flatMap(({ state, isDirty }) => {
      return isDirty && state ? [{ ...state, state: asJson(state.state) }] : [];
    });
    changed.sort((a, b) => (a.id < b.id ? -1 : 1));
    const after = () => new Map([...this.stored, ...changed.map((row) => [row.id, row] as const)]);
    return changed.map((row) => ({
      row: rowOf(this.name, row.id),
      check: () => this.#check(row, after),
      apply: () => void this.stored.set(row.id, row),
    }));
  }

  #check(row: Stored<State>, after: () => StoredStates<State>): void {
    const actual = this.stored.get(row.id)?.version ?? 0;
    if (actual !== row.version - 1) throw new ConcurrencyError(`${this.name} ${row.id}`, actual);
    const { constraints = [] } = this.options;
    if (constraints.length === 0) return;
    const others = after();
    others.delete(row.id);
    for (const constraint of constraints) constraint(row, others.values());
  }
}

const rowOf = (name: string, id: string): string => `${name}\n${id}`;
