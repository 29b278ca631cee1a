import { type Database, StateTable } from '@ashlar/postgres';
import { Session, type SessionState } from '../../domain/entities/session.entity.ts';
import type { SessionRepository } from '../../domain/repositories/session.repository.interface.ts';

type Columns = Omit<SessionState, 'id' | 'version'>;

const PURGED_AT_ONCE = 1_000;

export class PostgresSessionRepository implements SessionRepository {
  readonly #table: StateTable<Columns>;

  constructor(private readonly db: Database) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The session',
      load: 'select id, version, state from sessions where id = any($1)',
      store: `insert into sessions (id, version, user_id, expires_at, state)
              select id, version, state->>'userId', (state->>'expiresAt')::timestamptz, state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              where version = 1 or exists (select from sessions where sessions.id = r.id for update)
              order by id
              on conflict (id) do update
              set version = excluded.version, expires_at = excluded.expires_at, state = excluded.state
              where sessions.version = excluded.version - 1`,
    });
  }

  async find(id: string): Promise<Session | undefined> {
    const stored = await this.#table.find(id);
    return stored && Session.restore({ ...stored.state, id, version: stored.version });
  }

  async findByToken(tokenHash: string): Promise<Session | undefined> {
    const [row] = await this.db.query<{ id: string }>('select session_id as id from refresh_tokens where hash = $1', [
      tokenHash,
    ]);
    return row && this.find(row.id);
  }

  async save(session: Session): Promise<void> {
    const { id, version, ...state } = session.state;
    await this.db.transaction(async () => {
      await this.#table.save({ id, version, state });
      await this.db.write({
        sql: 'insert into refresh_tokens (hash, session_id) values ($1, $2) on conflict do nothing',
        values: [state.tokenHash, id],
      });
    });
  }

  async removeAllOf(userId: string, except?: { readonly sessionId: string }): Promise<void> {
    await this.db.write({
      sql: 'delete from sessions where user_id = $1 and ($2::text is null or id <> $2)',
      values: [userId, except?.sessionId ?? null],
    });
  }

  async removeExpired(by: Date): Promise<number> {
    const removed = await this.db.execute(
      `delete from sessions where id = any(array(
         select id from sessions where expires_at <= $1 limit ${PURGED_AT_ONCE} for update skip locked
       )) returning id`,
      [by],
    );
    return removed.length;
  }
}
