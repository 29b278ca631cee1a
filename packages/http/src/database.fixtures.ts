import { after, before } from 'node:test';
import { messagingMigrations } from '@ashlar/messaging';
import { personalDataMigrations } from '@ashlar/personal-data';
import {
  createTestDatabase,
  type Database,
  databaseMissing,
  PostgresDatabase,
  type TestDatabase,
} from '@ashlar/postgres';
import { httpMigrations } from './migrations.ts';

const THINGS = 'create table things (id text primary key, owner text not null, note text)';

/** One database for the tests of a file, with what a service's database has, and `things` to write to. */
export function useDatabase(ready: (db: Database) => Promise<void>): { readonly db: Database; readonly url: string } {
  let server: TestDatabase | undefined;
  let db: PostgresDatabase | undefined;
  before(async () => {
    if (databaseMissing) return;
    const things = { name: 'test/001-things', sql: THINGS };
    const kit = await Promise.all([messagingMigrations(), personalDataMigrations(), httpMigrations()]);
    server = await createTestDatabase([...kit.flat(), things]);
    db = new PostgresDatabase({ url: server.url });
    await ready(db);
  });
  after(async () => {
    await db?.close();
    await server?.drop();
  });
  return {
    get db(): Database {
      return db!;
    },
    get url(): string {
      return server!.url;
    },
  };
}
