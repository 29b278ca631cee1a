import { RANK, type Stored } from '@ashlar/postgres';
import {
  type SagaCounts,
  type SagaFilter,
  type SagaRecord,
  type SagaStore,
  type SagaView,
  statusOf,
  stepViews,
} from '@ashlar/saga';
import { MemoryStates, type StoredStates } from './memory-states.ts';
import { ChangeList, type MemoryWork } from './memory-work.ts';

/** The sagas of one name, by key. */
interface SagasOfName {
  readonly states: StoredStates<SagaRecord>;
  /** In milliseconds, on the database's clock. */
  readonly deadlines: Map<string, number>;
  readonly times: Map<string, { readonly startedAt: Date; readonly updatedAt: Date }>;
}

/** The sagas of a service, with their deadlines. */
export class StoredSagas {
  readonly #byName = new Map<string, SagasOfName>();

  named(name: string): SagasOfName {
    const kept = this.#byName.get(name) ?? { states: new Map(), deadlines: new Map(), times: new Map() };
    this.#byName.set(name, kept);
    return kept;
  }

  get all(): readonly Stored<SagaRecord>[] {
    return [...this.#byName.values()].flatMap(({ states }) => [...states.values()]);
  }
}

const DUE_AT_ONCE = 100;
const ENDED: readonly string[] = ['completed', 'compensated'];

export class MemorySagaStore implements SagaStore {
  readonly #states: MemoryStates<SagaRecord>;
  readonly #kept: SagasOfName;

  constructor(
    private readonly work: MemoryWork,
    stored: StoredSagas,
    name: string,
  ) {
    this.#kept = stored.named(name);
    this.#states = new MemoryStates(work, this.#kept.states, { name: `Saga ${name}`, rank: RANK.sagas });
  }

  async findMany(keys: readonly string[]): Promise<Map<string, Stored<SagaRecord>>> {
    return this.#states.findMany(keys);
  }

  async save(given: Stored<SagaRecord>): Promise<void> {
    const { work } = this;
    if (!work.inTransaction) return work.transaction(() => this.save(given));
    const { id, state } = given;
    const { waitMs } = state.progress;
    await this.#states.save({ ...given, state: { ...state, status: statusOf(state.progress) } });
    const apply = () => {
      const now = new Date(this.#now);
      this.#kept.times.set(id, { startedAt: this.#kept.times.get(id)?.startedAt ?? now, updatedAt: now });
      if (waitMs === undefined) this.#kept.deadlines.delete(id);
      else this.#kept.deadlines.set(id, this.#now + waitMs);
    };
    work.stage(this, () => new ChangeList('deadlines', RANK.sagas)).add({ apply });
  }

  async due(): Promise<string[]> {
    return this.work.read('looks for deadlines', () =>
      [...this.#kept.deadlines]
        .filter(([key]) => this.#isDue(key))
        .sort(([, a], [, b]) => a - b)
        .slice(0, DUE_AT_ONCE)
        .map(([key]) => key),
    );
  }

  async isDue(key: string): Promise<boolean> {
    const loaded = (await this.findMany([key])).get(key);
    return this.work.read('looks at a deadline', () => {
      const committed = this.#kept.states.get(key);
      return committed !== undefined && committed.version === loaded?.version && this.#isDue(key);
    });
  }

  async postpone(key: string, ms: number): Promise<void> {
    await this.work.change('postpones a deadline', () => {
      if (this.#isDue(key)) this.#kept.deadlines.set(key, this.#now + ms);
    });
  }

  async postponeDue(atMostMs: number): Promise<void> {
    await this.work.change('lets deadlines begin anew', () => {
      for (const key of this.#kept.deadlines.keys()) {
        const waitMs = this.#kept.states.get(key)?.state.progress.waitMs ?? atMostMs;
        if (this.#isDue(key)) this.#kept.deadlines.set(key, this.#now + Math.min(waitMs, atMostMs));
      }
    });
  }

  async list({ status, key, cursor, limit }: SagaFilter): Promise<SagaView[]> {
    const isWanted = ({ id, state }: Stored<SagaRecord>) =>
      (!status || state.status === status) && (!key || id === key) && (!cursor || state.sagaId < cursor);
    const found = await this.#states.select('lists sagas', isWanted);
    return found
      .sort((a, b) => (a.state.sagaId < b.state.sagaId ? 1 : -1))
      .slice(0, limit)
      .map((one) => this.#view(one));
  }

  async view(id: string): Promise<SagaView | undefined> {
    const [found] = await this.#states.select('looks for a saga', ({ state }) => state.sagaId === id);
    return found && this.#view(found);
  }

  async counts(): Promise<SagaCounts> {
    const all = await this.#states.select('counts sagas', () => true);
    const count = (...statuses: string[]) => all.filter(({ state }) => statuses.includes(state.status)).length;
    return { running: count('running', 'compensating'), stuck: count('stuck') };
  }

  get #now(): number {
    return this.work.instance.world.now;
  }

  #isDue(key: string): boolean {
    const deadline = this.#kept.deadlines.get(key);
    const status = this.#kept.states.get(key)?.state.status ?? 'completed';
    return deadline !== undefined && deadline <= this.#now && !ENDED.includes(status);
  }

  #view({ id: key, state }: Stored<SagaRecord>): SagaView {
    const { reason, stuck, steps } = state.progress;
    const times = this.#kept.times.get(key)!;
    return {
      id: state.sagaId,
      name: state.name,
      version: state.definitionVersion,
      style: state.style,
      key,
      status: state.status,
      ...times,
      ...(reason && { reason }),
      ...(stuck && { error: stuck }),
      steps: stepViews(steps, times.startedAt),
    };
  }
}
