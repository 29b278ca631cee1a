import { ConcurrencyError, RANK, type Stored } from '@ashlar/postgres';
import type { Change, ChangeBuffer, MemoryWork } from './memory-work.ts';

export interface MemoryStatesOptions {
  /** In words, for `ConcurrencyError`. */
  readonly name: string;
  readonly rank?: number;
}

/** What a table of states holds, for as long as its service exists. */
export type StoredStates<State> = Map<string, Stored<State>>;

/** The same as `StateTable`, on memory: each state is read once and written once, guarded by its version. */
export class MemoryStates<State> {
  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredStates<State>,
    private readonly options: MemoryStatesOptions,
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
      for (const [id, state] of loaded) {
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

  async save(state: Stored<State>): Promise<void> {
    if (!this.work.inTransaction) return this.work.transaction(() => this.save(state));
    this.#buffer().save(state);
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
    { name, rank = RANK.aggregates }: MemoryStatesOptions,
  ) {
    this.name = name;
    this.rank = rank;
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

  save({ id, version, state }: Stored<State>): void {
    const entry = this.#entries.get(id);
    const next = entry?.isDirty && entry.state ? entry.state.version : version + 1;
    if (version !== next && version !== next - 1) throw new ConcurrencyError(`${this.name} ${id}`, next);
    this.#entries.set(id, { state: { id, version: next, state }, isDirty: true });
  }

  mark(): unknown {
    return new Map(this.#entries);
  }

  restore(mark: unknown): void {
    this.#entries = new Map(mark as Map<string, Entry<State>>);
  }

  changes(): Change[] {
    return [...this.#entries.values()].flatMap(({ state, isDirty }) => {
      if (!isDirty || !state) return [];
      const check = () => {
        const actual = this.stored.get(state.id)?.version ?? 0;
        if (actual !== state.version - 1) throw new ConcurrencyError(`${this.name} ${state.id}`, actual);
      };
      return [{ check, apply: () => void this.stored.set(state.id, state) }];
    });
  }
}
