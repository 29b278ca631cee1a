import { after, before } from 'node:test';
import { type DatabaseOptions, PostgresDatabase } from './database.ts';
import { createTestDatabase, databaseMissing, type TestDatabase } from './test-database.ts';

/** One database for the tests of a file, with `things (id, value)` to write to. */
export function useDatabase() {
  let server: TestDatabase;
  let db: PostgresDatabase;
  before(async () => {
    if (databaseMissing) return;
    server = await createTestDatabase([{ name: 'test/001-things', sql: THINGS }]);
    db = new PostgresDatabase({ url: server.url });
  });
  after(async () => {
    await db?.close();
    await server?.drop();
  });
  return {
    get db(): PostgresDatabase {
      return db;
    },
    get server(): TestDatabase {
      return server;
    },
    /** Another pool, as another process would have. */
    async another<T>(
      work: (other: PostgresDatabase) => Promise<T>,
      options: Partial<DatabaseOptions> = {},
    ): Promise<T> {
      const other = new PostgresDatabase({ url: server.url, ...options });
      try {
        return await work(other);
      } finally {
        await other.close();
      }
    },
    async things(): Promise<string[]> {
      const rows = await db.query<{ id: string }>('select id from things order by id');
      return rows.map(({ id }) => id);
    },
    async clear(): Promise<void> {
      await db.execute('truncate things');
    },
  };
}

const THINGS = 'create table things (id text primary key, version int not null default 1, state jsonb)';

export const aThing = (id: string) => ({ sql: 'insert into things (id) values ($1)', values: [id] });

/** A promise and the key to it. */
export const aGate = () => Promise.withResolvers<void>();
