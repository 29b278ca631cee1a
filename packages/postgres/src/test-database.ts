import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type Migration, migrate } from './migrations.ts';

const adminUrl = process.env['TEST_DATABASE_URL'];

/**
 * For tests: why those that need a database are skipped; `false` if they are to run. `test(title, { skip:
 * databaseMissing }, …)`
 */
export const databaseMissing: string | false =
  adminUrl || process.env['REQUIRE_SERVICES'] === '1' ? false : 'TEST_DATABASE_URL is not set';

/** For tests: a database of their own, migrated, with the time-outs that a service's sessions have. */
export interface TestDatabase {
  readonly url: string;
  /** Lets nobody in and throws everybody out; `true` opens it again. */
  admit(everybody: boolean): Promise<void>;
  /** Ends every session, as a restart of the server would. */
  disconnect(): Promise<void>;
  drop(): Promise<void>;
}

const SESSION = [`idle_in_transaction_session_timeout = '5s'`, `statement_timeout = '30s'`, `lock_timeout = '2s'`];

export async function createTestDatabase(migrations: readonly Migration[] = []): Promise<TestDatabase> {
  if (!adminUrl) throw new Error('TEST_DATABASE_URL has to hold the address of an administrator.');
  const name = `ashlar_test_${randomBytes(6).toString('hex')}`;
  const settings = SESSION.map((setting) => `alter database ${name} set ${setting}`);
  // Copied file by file it is there four times sooner than through the log: nobody needs it after a power cut.
  await asAdministrator(`create database ${name} template template0 lc_collate 'C' strategy file_copy`, ...settings);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  await migrate(url.href, migrations);
  const disconnect = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`;
  return {
    url: url.href,
    async admit(everybody) {
      await asAdministrator(`alter database ${name} allow_connections ${everybody}`);
      if (everybody) return;
      await eventually('nobody is on the way in', async () => !(await asAdministrator(onTheWayIn(name))));
      await asAdministrator(disconnect);
    },
    disconnect: async () => void (await asAdministrator(disconnect)),
    drop: async () => void (await asAdministrator(`drop database ${name} with (force)`)),
  };
}

/** Runs a test with a database of its own and drops it at the end. */
export async function withTestDatabase<T>(
  migrations: readonly Migration[],
  work: (database: TestDatabase) => Promise<T>,
): Promise<T> {
  const database = await createTestDatabase(migrations);
  try {
    return await work(database);
  } finally {
    await database.drop();
  }
}

/** Who was let in before the door was shut holds this lock until it is among the sessions, where it can be ended. */
const onTheWayIn = (name: string): string =>
  `select 1 from pg_locks where locktype = 'object' and classid = 'pg_database'::regclass
   and objid = (select oid from pg_database where datname = '${name}')`;

/** The number of rows that the last statement has answered or changed. */
async function asAdministrator(...statements: readonly string[]): Promise<number> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  let rows = 0;
  try {
    for (const statement of statements) rows = (await admin.query(statement)).rowCount ?? 0;
    return rows;
  } finally {
    await admin.end();
  }
}

const LOOK_AGAIN_MS = 5;
/** A slow or busy machine is no fault; who expects a test to fail need not wait that long. */
const PATIENCE_MS = Number(process.env['TEST_PATIENCE_MS'] ?? 60_000);

/** For tests: waits until the condition holds, and says which one never did. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await pause(LOOK_AGAIN_MS);
  }
}
