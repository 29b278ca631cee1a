import { RANK, type Stored } from '@ashlar/postgres';
import { type SagaFilter, type SagaRecord, type SagaStore, type SagaView, statusOf } from '@ashlar/saga';
import { MemoryStates, type StoredStates } from './memory-states.ts';
import { ChangeList, type MemoryWork } from './memory-work.ts';

/** The sagas of one name, by key, with their deadlines. */
export class StoredSagas {
  readonly states: StoredStates<SagaRecord> = new Map();
  readonly deadlines = new Map<string, number>();
  readonly startedAt = new Map<string, number>();
}

const DUE_AT_ONCE = 100;
const ENDED: readonly string[] = ['completed', 'compensated'];

export class MemorySagaStore implements SagaStore {
  readonly #states: MemoryStates<SagaRecord>;

  constructor(
    private readonly work: MemoryWork,
    private readonly stored: StoredSagas,
    name: string,
  ) {
    this.#states = new MemoryStates(work, stored.states, { name: `Saga ${name}`, rank: RANK.sagas });
  }

  async findMany(keys: readonly string[]): Promise<Map<string, Stored<SagaRecord>>> {
    return this.#states.findMany(keys);
  }

  async save(given: Stored<SagaRecord>): Promise<void> {
    const { id, state } = given;
    const { waitMs } = state.progress;
    await this.#states.save({ ...given, state: { ...state, status: statusOf(state.progress) } });
    const apply = () => {
      if (!this.stored.startedAt.has(id)) this.stored.startedAt.set(id, this.#now);
      if (waitMs === undefined) this.stored.deadlines.delete(id);
      else this.stored.deadlines.set(id, this.#now + waitMs);
    };
    this.work.stage(this, () => new ChangeList('deadlines', RANK.sagas)).add({ apply });
  }

  async due(): Promise<string[]> {
    return this.work.read('looks for deadlines', () =>
      [...this.stored.deadlines]
        .filter(([key]) => this.#isDue(key))
        .sort(([, a], [, b]) => a - b)
        .slice(0, DUE_AT_ONCE)
        .map(([key]) => key),
    );
  }

  async isDue(key: string): Promise<boolean> {
    const loaded = (await this.findMany([key])).get(key);
    return this.work.read('looks at a deadline', () => {
      const committed = this.stored.states.get(key);
      return committed !== undefined && committed.version === loaded?.version && this.#isDue(key);
    });
  }

  async postpone(key: string, ms: number): Promise<void> {
    await this.work.read('postpones a deadline', () => {
      if (this.#isDue(key)) this.stored.deadlines.set(key, this.#now + ms);
    });
  }

  async postponeDue(atMostMs: number): Promise<void> {
    await this.work.read('lets deadlines begin anew', () => {
      for (const key of this.stored.deadlines.keys()) {
        const waitMs = this.stored.states.get(key)?.state.progress.waitMs ?? atMostMs;
        if (this.#isDue(key)) this.stored.deadlines.set(key, this.#now + Math.min(waitMs, atMostMs));
      }
    });
  }

  async list({ status, key, limit }: SagaFilter): Promise<SagaView[]> {
    const all = [...this.stored.states.values()].filter(
      ({ id, state }) => (!status || state.status === status) && (!key || id === key),
    );
    return all
      .slice(-limit)
      .reverse()
      .map((one) => this.#view(one));
  }

  async view(id: string): Promise<SagaView | undefined> {
    const found = [...this.stored.states.values()].find(({ state }) => state.sagaId === id);
    return found && this.#view(found);
  }

  get #now(): number {
    return this.work.instance.world.now;
  }

  #isDue(key: string): boolean {
    const deadline = this.stored.deadlines.get(key);
    const status = this.stored.states.get(key)?.state.status ?? 'completed';
    return deadline !== undefined && deadline <= this.#now && !ENDED.includes(status);
  }

  #view({ id: key, state }: Stored<SagaRecord>): SagaView {
    const at = new Date(this.stored.startedAt.get(key) ?? this.#now);
    const { reason, stuck, steps } = state.progress;
    return {
      id: state.sagaId,
      name: state.name,
      version: state.definitionVersion,
      style: state.style,
      key,
      status: state.status,
      startedAt: at,
      updatedAt: at,
      ...(reason && { reason }),
      ...(stuck && { error: stuck }),
      steps,
    };
  }
}
