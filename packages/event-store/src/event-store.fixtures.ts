import { after, before, beforeEach } from 'node:test';
import { messagingMigrations } from '@ashlar/messaging';
import {
  createTestDatabase,
  type DatabaseOptions,
  databaseMissing,
  PostgresDatabase,
  type TestDatabase,
} from '@ashlar/postgres';
import { PostgresEventStore } from './event-store.ts';
import { eventStoreMigrations } from './migrations.ts';

/** One database for the tests of a file, emptied before each. */
export function useEventStore(options: Partial<DatabaseOptions> = {}) {
  let server: TestDatabase;
  let db: PostgresDatabase;
  let store: PostgresEventStore;
  before(async () => {
    if (databaseMissing) return;
    server = await createTestDatabase([...(await messagingMigrations()), ...(await eventStoreMigrations())]);
    db = new PostgresDatabase({ url: server.url, ...options });
    store = new PostgresEventStore(db);
  });
  beforeEach(async () => {
    await db?.execute('truncate streams, events, archived_events, outbox, outbox_keys restart identity');
  });
  after(async () => {
    await db?.close();
    await server?.drop();
  });
  return {
    get url(): string {
      return server.url;
    },
    get db(): PostgresDatabase {
      return db;
    },
    get store(): PostgresEventStore {
      return store;
    },
  };
}

export const deposited = (amount: number) => ({ type: 'Deposited', data: { amount } });
