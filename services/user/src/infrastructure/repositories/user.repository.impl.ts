import type { Outbox } from '@ashlar/messaging';
import { type Database, StateTable, type Stored } from '@ashlar/postgres';
import type { User } from '../../domain/entities/user.entity.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { SealedProfiles, StoredProfile } from './sealed-profiles.ts';
import { toMessage } from './user.message-mapper.ts';

export class PostgresUserRepository implements UserRepository {
  readonly #table: StateTable<StoredProfile>;

  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    private readonly profiles: SealedProfiles,
  ) {
    this.#table = new StateTable<StoredProfile>(db, {
      name: 'The user',
      load: 'select id, version, state from users where id = any($1)',
      store: `insert into users (id, version, email_hash, role, state)
              select id, version, state->>'emailHash', state->>'role', state
              from json_to_recordset($1) as r(id text, version int, state jsonb)
              order by id
              on conflict (id) do update
              set version = excluded.version, email_hash = excluded.email_hash, role = excluded.role,
                state = excluded.state
              where expect_version(users.version, excluded.version - 1, 'The user')`,
    });
  }

  async find(id: string): Promise<User | undefined> {
    const stored = await this.#table.find(id);
    return stored && (await this.profiles.open([stored]))[0];
  }

  async findByEmail(email: string): Promise<User | undefined> {
    const hash = await this.profiles.hashOf(email);
    const [row] = await this.db.query<{ id: string }>('select id from users where email_hash = $1', [hash]);
    return row && this.find(row.id);
  }

  async list({ limit, before }: { limit: number; before?: string }): Promise<User[]> {
    const rows = await this.db.query<Stored<StoredProfile>>(
      `select id, version, state from users
       where email_hash is not null and ($2::text is null or id < $2) order by id desc limit $1`,
      [limit, before ?? null],
    );
    return this.profiles.open(rows);
  }

  /** Locks them all, in one order: of two who leave at the same moment, the second counts without the first. */
  async countOtherAdministrators(id: string): Promise<number> {
    const rows = await this.db.query<{ id: string }>(
      `select id from users where role = 'admin' order by id for update`,
    );
    return rows.filter((row) => row.id !== id).length;
  }

  async save(user: User): Promise<void> {
    await this.db.transaction(async () => this.#store(user, await this.profiles.seal(user)));
  }

  async erase(user: User): Promise<void> {
    const { id, version } = user.state;
    await this.db.transaction(async () => {
      await this.profiles.erase(id);
      await this.#store(user, { id, version, state: {} });
    });
  }

  async #store(user: User, row: Stored<StoredProfile>): Promise<void> {
    await this.#table.save(row);
    await this.outbox.add(user.takeEvents().map(toMessage));
  }
}
