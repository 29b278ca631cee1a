import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable } from '@ashlar/postgres';
import type { KeyRing } from '../../domain/entities/key-ring.entity.ts';
import type { KeyRingFilter, KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import { toMessage } from './key-ring.message-mapper.ts';
import { COLUMNS, type KeyRingColumns, type KeyRingRow, toKeyRing } from './key-ring.row-mapper.ts';

const LOAD = `select id, version, ${COLUMNS} as state from key_rings where id = any($1)`;

/** Rows may be removed meanwhile: a change of one that is gone stores nothing, and is refused. */
const STORE = `
  insert into key_rings (id, version, owner_id, name, status, created_at, updated_at)
  select id, version, state->>'ownerId', state->>'name', state->>'status',
    (state->>'createdAt')::timestamptz, (state->>'updatedAt')::timestamptz
  from json_to_recordset($1) as r(id text, version int, state json)
  where version = 1 or exists (select from key_rings where key_rings.id = r.id for update)
  order by id
  on conflict (id) do update
  set version = excluded.version, name = excluded.name, status = excluded.status, updated_at = excluded.updated_at
  where key_rings.version = excluded.version - 1`;

const NEWEST = `
  select id, version, ${COLUMNS} as state from key_rings
  where owner_id = $1 and status = $2 and ($3::text is null or id < $3)
  order by id desc limit $4`;

export class PostgresKeyRingRepository implements KeyRingRepository {
  readonly #table: StateTable<KeyRingColumns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {
    this.#table = new StateTable<KeyRingColumns>(db, { name: 'The key ring', load: LOAD, store: STORE });
  }

  async find(id: string): Promise<KeyRing | undefined> {
    const stored = await this.#table.find(id);
    return stored && toKeyRing(stored);
  }

  async list({ ownerId, status, limit, after }: KeyRingFilter): Promise<KeyRing[]> {
    const rows = await this.db.query<KeyRingRow>(NEWEST, [ownerId, status, after ?? null, limit]);
    return rows.map(toKeyRing);
  }

  async save(keyRing: KeyRing): Promise<void> {
    const events = keyRing.takeEvents();
    if (events.length === 0) return;
    const { id, version, ...state } = keyRing.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id, version: version - 1, state });
      await this.outbox.add(events.map(toMessage));
    });
  }

  async removeAllOf(ownerId: string): Promise<void> {
    await this.db.write({ sql: 'delete from key_rings where owner_id = $1', values: [ownerId] });
  }
}
