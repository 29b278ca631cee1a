import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

export interface Migration {
  /** `001-orders`: the number orders the migrations of one set. */
  readonly name: string;
  readonly sql: string;
}

const KIT: readonly Migration[] = [
  {
    name: 'kit/001-expect-rows',
    sql: `create function expect_rows(actual bigint, expected bigint, what text) returns void language plpgsql as $$
begin
  if actual <> expected then raise exception 'lost race: %', what using errcode = '40001'; end if;
end $$;`,
  },
  {
    name: 'kit/002-expect-version',
    sql: `create function expect_version(actual bigint, expected bigint, what text) returns boolean
language plpgsql as $$
begin
  if actual = expected then return true; end if;
  raise exception 'lost race: % (at version %)', what, actual using errcode = '40001';
end $$;`,
  },
];

/** The numbered `*.sql` files of a folder, as migrations of the set `name`. */
export async function readMigrations(name: string, directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => ({
      name: `${name}/${file.replace(/\.sql$/, '')}`,
      sql: await readFile(join(directory, file), 'utf8'),
    })),
  );
}

/**
 * Brings a database up to date, forward only, each migration in its own transaction, one migrator at a time (advisory
 * lock). Throws if a migration that has run was changed since.
 */
export async function migrate(url: string, migrations: readonly Migration[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  // A connection that is lost fails the query that waits on it; the event alone would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('set lock_timeout = 0; set statement_timeout = 0');
    await client.query(`select pg_advisory_lock(hashtextextended('ashlar migrations', 0))`);
    await client.query(`create table if not exists migrations
      (name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
    const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from migrations');
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    for (const migration of [...KIT, ...migrations]) await apply(client, migration, applied);
  } finally {
    await client.end();
  }
}

async function apply(client: pg.Client, { name, sql }: Migration, applied: Map<string, string>): Promise<void> {
  const checksum = createHash('sha256').update(sql).digest('hex');
  const before = applied.get(name);
  if (before === checksum) return;
  if (before) throw new Error(`The migration ${name} has been applied already and must not change; add a new one.`);
  await client.query('begin');
  await client.query(sql);
  await client.query('insert into migrations (name, checksum) values ($1, $2)', [name, checksum]);
  await client.query('commit');
}
