import { type Database, RANK, StateTable, type Stored } from '@ashlar/postgres';
import { type SagaState, type SagaStatus, type StepState, statusOf } from './engine.ts';

/** A saga as it is stored; its key is that of the business object that it is about. */
export interface SagaRecord<S = unknown> {
  readonly sagaId: string;
  readonly name: string;
  /** The version of the definition that it started with, and keeps. */
  readonly definitionVersion: number;
  readonly style: 'orchestration' | 'choreography';
  readonly status: SagaStatus;
  readonly progress: SagaState<S>;
}

/** A saga as operators see it. */
export interface SagaView {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly style: string;
  readonly key: string;
  readonly status: SagaStatus;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly reason?: string;
  readonly error?: string;
  readonly steps: readonly StepState[];
}

export interface SagaFilter {
  readonly status?: string;
  readonly key?: string;
  readonly cursor?: string;
  readonly limit: number;
}

interface Row {
  readonly id: string;
  readonly key: string;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly state: SagaRecord;
}

const VIEW = `select id, key, started_at as "startedAt", updated_at as "updatedAt", state from sagas`;

/** The sagas of one service, in its own database: stored with what they say, in one transaction. */
export class SagaStore {
  readonly #table: StateTable<SagaRecord>;

  constructor(
    private readonly db: Database,
    private readonly name: string,
  ) {
    this.#table = new StateTable<SagaRecord>(db, {
      name: `Saga ${name}`,
      rank: RANK.sagas,
      load: `select key as id, version, state from sagas where name = '${name}' and key = any($1)`,
      store: `
        insert into sagas as s (id, name, key, version, status, state, deadline)
        select (r.state->>'sagaId')::uuid, r.state->>'name', r.id, r.version, r.state->>'status', r.state,
               clock_timestamp() + (r.state->'progress'->>'waitMs')::bigint * interval '1 millisecond'
        from json_to_recordset($1) as r(id text, version int, state jsonb)
        order by r.id
        on conflict (name, key) do update
        set version = excluded.version, status = excluded.status, state = excluded.state, deadline = excluded.deadline,
            updated_at = clock_timestamp()
        where s.version = excluded.version - 1`,
    });
  }

  async find(key: string): Promise<Stored<SagaRecord> | undefined> {
    return this.#table.find(key);
  }

  async findMany(keys: readonly string[]): Promise<Map<string, Stored<SagaRecord>>> {
    return this.#table.findMany(keys);
  }

  async save(stored: Stored<SagaRecord>): Promise<void> {
    return this.#table.save({ ...stored, state: { ...stored.state, status: statusOf(stored.state.progress) } });
  }

  /** Keys of sagas whose deadline has passed by the database's clock, the most overdue first. */
  async due(): Promise<string[]> {
    const rows = await this.db.query<{ key: string }>(
      `select key from sagas
       where name = $1 and status in ('running', 'compensating', 'stuck') and deadline <= clock_timestamp()
       order by deadline limit 100`,
      [this.name],
    );
    return rows.map(({ key }) => key);
  }

  /** Lets deadlines that have passed begin anew: the participants were away as well, or could not be heard. */
  async postponeDue(atMostMs: number): Promise<void> {
    await this.db.execute(
      `update sagas
       set deadline = clock_timestamp() + least((state->'progress'->>'waitMs')::bigint, $2) * interval '1 millisecond'
       where name = $1 and deadline <= clock_timestamp()`,
      [this.name, atMostMs],
    );
  }

  /**
   * Whether the saga is still due in the version that this transaction has loaded. Not locked: aggregates are locked
   * before sagas, and whoever moves it in between is found out by the version.
   */
  async isDue(key: string): Promise<boolean> {
    const stored = await this.find(key);
    const rows = await this.db.query(
      `select 1 from sagas where name = $1 and key = $2 and version = $3 and deadline <= clock_timestamp()`,
      [this.name, key, stored?.version ?? 0],
    );
    return rows.length > 0;
  }

  /** Lets one that could not be handled wait behind the others. */
  async postpone(key: string, ms: number): Promise<void> {
    await this.db.execute(
      `update sagas set deadline = clock_timestamp() + $3 * interval '1 millisecond'
       where name = $1 and key = $2 and deadline <= clock_timestamp()`,
      [this.name, key, ms],
    );
  }

  /** Newest first. */
  async list({ status, key, cursor, limit }: SagaFilter): Promise<SagaView[]> {
    const rows = await this.db.query<Row>(
      `${VIEW} where name = $1 and ($2::text is null or status = $2) and ($3::text is null or key = $3)
         and ($4::uuid is null or id < $4) order by id desc limit $5`,
      [this.name, status ?? null, key ?? null, cursor ?? null, limit],
    );
    return rows.map(toView);
  }

  async view(id: string): Promise<SagaView | undefined> {
    const [row] = await this.db.query<Row>(`${VIEW} where name = $1 and id = $2`, [this.name, id]);
    return row && toView(row);
  }
}

const toView = ({ id, key, startedAt, updatedAt, state }: Row): SagaView => ({
  id,
  name: state.name,
  version: state.definitionVersion,
  style: state.style,
  key,
  status: state.status,
  startedAt,
  updatedAt,
  ...(state.progress.reason && { reason: state.progress.reason }),
  ...(state.progress.stuck && { error: state.progress.stuck }),
  steps: state.progress.steps,
});
