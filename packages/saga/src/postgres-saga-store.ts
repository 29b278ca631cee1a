import { type Database, RANK, StateTable, type Stored } from '@ashlar/postgres';
import { statusOf } from './engine.ts';
import {
  type SagaCounts,
  type SagaFilter,
  type SagaRecord,
  type SagaStore,
  type SagaView,
  stepViews,
} from './saga-store.ts';

interface Row {
  readonly id: string;
  readonly key: string;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly state: SagaRecord;
}

const VIEW = `select id, key, started_at as "startedAt", updated_at as "updatedAt", state from sagas`;

/** Sagas in a table. */
export class PostgresSagaStore implements SagaStore {
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
        where expect_version(s.version, excluded.version - 1, 'Saga ' || excluded.name)`,
    });
  }

  async findMany(keys: readonly string[]): Promise<Map<string, Stored<SagaRecord>>> {
    return this.#table.findMany(keys);
  }

  async save(stored: Stored<SagaRecord>): Promise<void> {
    await this.#table.save({ ...stored, state: { ...stored.state, status: statusOf(stored.state.progress) } });
  }

  async due(): Promise<string[]> {
    const rows = await this.db.query<{ key: string }>(
      `select key from sagas
       where name = $1 and status in ('running', 'compensating', 'stuck') and deadline <= clock_timestamp()
       order by deadline limit 100`,
      [this.name],
    );
    return rows.map(({ key }) => key);
  }

  async postponeDue(atMostMs: number): Promise<void> {
    await this.db.execute(
      `update sagas
       set deadline = clock_timestamp() + least((state->'progress'->>'waitMs')::bigint, $2) * interval '1 millisecond'
       where name = $1 and deadline <= clock_timestamp()`,
      [this.name, atMostMs],
    );
  }

  async isDue(key: string): Promise<boolean> {
    const stored = (await this.findMany([key])).get(key);
    const rows = await this.db.query(
      `select 1 from sagas where name = $1 and key = $2 and version = $3 and deadline <= clock_timestamp()`,
      [this.name, key, stored?.version ?? 0],
    );
    return rows.length > 0;
  }

  async postpone(key: string, ms: number): Promise<void> {
    await this.db.execute(
      `update sagas set deadline = clock_timestamp() + $3 * interval '1 millisecond'
       where name = $1 and key = $2 and deadline <= clock_timestamp()`,
      [this.name, key, ms],
    );
  }

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

  async counts(): Promise<SagaCounts> {
    const [row] = await this.db.query<SagaCounts & { running: number }>(
      `select count(*) filter (where status <> 'stuck') as running, count(*) filter (where status = 'stuck') as stuck
       from sagas where name = $1 and status in ('running', 'compensating', 'stuck')`,
      [this.name],
    );
    return row!;
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
  steps: stepViews(state.progress.steps, startedAt),
});
