import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable, type Stored } from '@ashlar/postgres';
import { User, type UserState } from '../../domain/entities/user.entity.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import { toMessage } from './user.message-mapper.ts';

/** What is kept of a user, or of an erased one. */
type Columns = Omit<UserState, 'id' | 'version'> | Record<string, never>;

const toUser = ({ id, version, state }: Stored<Columns>): User | undefined =>
  'email' in state ? User.restore({ ...(state as Omit<UserState, 'id' | 'version'>), id, version }) : undefined;

export class PostgresUserRepository implements UserRepository {
  readonly #table: StateTable<Columns>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
  ) {
    this.#table = new StateTable<Columns>(db, {
      name: 'The user',
      load: 'select id, version, state from users where id = any($1)',
      store: `insert into users (id, version, email, role, state)
              select id, version, state->>'email', state->>'role', state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              order by id
              on conflict (id) do update
              set version = excluded.version, email = excluded.email, role = excluded.role, state = excluded.state
              where users.version = excluded.version - 1`,
    });
  }

  async find(id: string): Promise<User | undefined> {
    const stored = await this.#table.find(id);
    return stored && toUser(stored);
  }

  async findByEmail(email: string): Promise<User | undefined> {
    const [row] = await this.db.query<{ id: string }>('select id from users where email = $1', [email]);
    return row && this.find(row.id);
  }

  async list({ limit, before }: { limit: number; before?: string }): Promise<User[]> {
    const rows = await this.db.query<Stored<Columns>>(
      `select id, version, state from users
       where email is not null and ($2::text is null or id < $2) order by id desc limit $1`,
      [limit, before ?? null],
    );
    return rows.flatMap((row) => toUser(row) ?? []);
  }

  /** Locks them all, in one order: of two who leave at the same moment, the second counts without the first. */
  async countOtherAdministrators(id: string): Promise<number> {
    const rows = await this.db.query<{ id: string }>(
      `select id from users where role = 'admin' order by id for update`,
    );
    return rows.filter((row) => row.id !== id).length;
  }

  async save(user: User): Promise<void> {
    const { id, version, ...state } = user.state;
    await this.#store(user, { id, version, state });
  }

  async erase(user: User): Promise<void> {
    const { id, version } = user.state;
    await this.#store(user, { id, version, state: {} });
  }

  async #store(user: User, row: Stored<Columns>): Promise<void> {
    await this.db.transaction(async () => {
      await this.#table.save(row);
      await this.outbox.add(user.takeEvents().map(toMessage));
    });
  }
}
