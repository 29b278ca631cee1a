import { deepStrictEqual, rejects } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PostgresDatabase } from './database.ts';
import { migrate, readMigrations } from './migrations.ts';
import { databaseMissing, type TestDatabase, withTestDatabase } from './test-database.ts';

const skip = databaseMissing;

const first = { name: 'test/001', sql: `create table ledger (id int); insert into ledger values (1)` };
const second = { name: 'test/002', sql: `insert into ledger values (2)` };

async function ask(server: TestDatabase, sql: string): Promise<unknown[]> {
  const db = new PostgresDatabase({ url: server.url });
  try {
    return await db.query(sql);
  } finally {
    await db.close();
  }
}

test('several migrators at once run every migration once', { skip }, async () => {
  await withTestDatabase([], async (server) => {
    await Promise.all([1, 2, 3, 4].map(() => migrate(server.url, [first, second])));
    deepStrictEqual(await ask(server, 'select id from ledger order by id'), [{ id: 1 }, { id: 2 }]);
  });
});

test('a migration that has run must not change; what comes after it is not run', { skip }, async () => {
  await withTestDatabase([first], async (server) => {
    const changed = { ...first, sql: `${first.sql} -- and more` };
    await rejects(migrate(server.url, [changed, second]), /test\/001 has been applied already and must not change/);
    deepStrictEqual(await ask(server, 'select id from ledger'), [{ id: 1 }]);
  });
});

test('a migration that fails leaves nothing of itself, and what came before it stays', { skip }, async () => {
  await withTestDatabase([], async (server) => {
    const failing = { name: 'test/002', sql: `insert into ledger values (2); create table half (id int); select 1/0` };
    await rejects(migrate(server.url, [first, failing]), { code: '22012' });
    deepStrictEqual(await ask(server, 'select id from ledger'), [{ id: 1 }]);
    deepStrictEqual(await ask(server, `select to_regclass('half') as half`), [{ half: null }]);
    await migrate(server.url, [first, second]);
    deepStrictEqual(await ask(server, 'select count(*) from ledger'), [{ count: 2 }]);
  });
});

test('the files of a folder run in the order of their numbers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ashlar-migrations-'));
  try {
    for (const file of ['010-last.sql', '002-then.sql', '001-first.sql', 'notes.md']) {
      await writeFile(join(folder, file), `select '${file}'`);
    }
    const names = (await readMigrations('order', folder)).map(({ name }) => name);
    deepStrictEqual(names, ['order/001-first', 'order/002-then', 'order/010-last']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
