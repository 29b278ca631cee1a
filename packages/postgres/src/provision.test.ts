import { deepStrictEqual, match, rejects, strictEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/embedded-postgres.ts';
import { dropNamespace, offeredConnections, provisionDatabase } from './provision.ts';

const SERVICES = ['user', 'order', 'payment'] as const;
const MACHINES_SERVER = 'postgres://postgres@127.0.0.1:5432/postgres';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function inDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

const databaseOf = (url: string) => new URL(url).pathname.slice(1);
const aNamespace = () => `test${randomBytes(5).toString('hex')}`;

/** The promises that hold on any server; `adminUrl` is known when the tests run. */
function provisioning(adminUrl: () => string, { ownServer }: { ownServer: boolean }): void {
  const namespace = aNamespace();
  const provide = (service: string, password = `secret of ${service} @/:?`) =>
    provisionDatabase({ adminUrl: adminUrl(), namespace, service, password, ownServer });

  test('a server tells how many connections it offers to those who are not its superusers', async () => {
    const [setting] = await query(adminUrl(), 'select * from pg_settings where name = $$max_connections$$');
    strictEqual(await offeredConnections(adminUrl()), Number(setting!['setting']) - 3);
  });

  after(async () => {
    if (adminUrl()) await dropNamespace({ adminUrl: adminUrl(), namespace });
  });

  everyAddress(provide);
  everyPassword({ adminUrl, ownServer, provide });
  everyName({ adminUrl, provide });
}

type Provide = (service: string, password?: string) => Promise<string>;

interface Ground {
  readonly adminUrl: () => string;
  readonly provide: Provide;
}

function everyAddress(provide: Provide): void {
  test("each service's own credentials open its own database and are refused on every other service's", async () => {
    const urls = await Promise.all(SERVICES.map((service) => provide(service)));
    for (const url of urls) {
      await query(url, 'create table mine (id int)');
      strictEqual((await query(url, 'select current_user::text as name'))[0]?.['name'], databaseOf(url));
      for (const other of urls.filter((each) => each !== url)) {
        await rejects(query(inDatabase(url, databaseOf(other)), 'select 1'), { code: '42501' });
      }
    }
  });

  test('many callers at once, and every later one, get the same working address', async () => {
    const urls = await Promise.all(Array.from({ length: 6 }, () => provide('shipping')));
    strictEqual(new Set(urls).size, 1);
    await query(urls[0] ?? '', 'create table kept as select 42 as answer');
    const again = await provide('shipping');
    strictEqual((await query(again, 'select answer from kept'))[0]?.['answer'], 42);
  });

  test('a role has no rights over the server, and its sessions hold nothing for ever', async () => {
    const url = await provide('user');
    await rejects(query(url, 'create database stolen'), { code: '42501' });
    await rejects(query(url, 'create role stolen'), { code: '42501' });
    const settings = `select name, setting from pg_settings
      where name like '%\\_timeout' and source = 'user' order by name`;
    deepStrictEqual(await query(url, settings), [
      { name: 'idle_in_transaction_session_timeout', setting: '5000' },
      { name: 'lock_timeout', setting: '2000' },
      { name: 'statement_timeout', setting: '30000' },
      { name: 'tcp_user_timeout', setting: '15000' },
    ]);
  });
}

function everyPassword({ adminUrl, ownServer, provide }: Ground & { readonly ownServer: boolean }): void {
  test('passwords are kept as SCRAM, and a new password replaces the old one', async () => {
    const url = await provide('inventory', 'old');
    await provide('inventory', 'new');
    const kept = `select rolpassword from pg_authid where rolname = '${databaseOf(url)}'`;
    match(String((await query(adminUrl(), kept))[0]?.['rolpassword']), /^SCRAM-SHA-256\$/);
    if (ownServer) await rejects(query(url, 'select 1'), { code: '28P01' });
  });
}

function everyName({ adminUrl, provide }: Ground): void {
  test('names that are too long, or full of quotes, are told apart all the same', async () => {
    const long = 'x'.repeat(70);
    const urls = await Promise.all([`${long}1`, `${long}2`, `o"d'd; drop`].map((service) => provide(service)));
    strictEqual(new Set(urls).size, 3);
    for (const url of urls) strictEqual((await query(url, 'select 1 as one'))[0]?.['one'], 1);
  });

  test('dropping a namespace leaves nothing of it, and all of a namespace whose name begins alike', async () => {
    const mine = aNamespace();
    const theirs = `${mine}_more`;
    const place = { adminUrl: adminUrl(), service: 'order', password: 'secret' };
    const gone = await provisionDatabase({ ...place, namespace: mine });
    const kept = await provisionDatabase({ ...place, namespace: theirs });
    const open = new pg.Client({ connectionString: gone });
    open.on('error', () => {});
    await open.connect();
    await dropNamespace({ adminUrl: adminUrl(), namespace: mine });
    await open.end().catch(() => {});
    await rejects(query(gone, 'select 1'));
    strictEqual((await query(kept, 'select 1 as one'))[0]?.['one'], 1);
    await dropNamespace({ adminUrl: adminUrl(), namespace: theirs });
    const left = `select rolname from pg_roles where rolname like 'ashlar\\_${mine}%'`;
    deepStrictEqual(await query(adminUrl(), left), []);
  });
}

describe('on the embedded server', () => {
  const home = mkdtempSync(join(tmpdir(), 'ashlar-provision-'));
  let server: EmbeddedPostgres | undefined;
  before(async () => {
    server = await startEmbeddedPostgres({ directory: home });
  });
  provisioning(() => server?.url ?? '', { ownServer: true });

  test("a service is kept out of the administrator's database too", async () => {
    const place = { adminUrl: server?.url ?? '', namespace: aNamespace(), service: 'order', password: 'secret' };
    const url = await provisionDatabase({ ...place, ownServer: true });
    await rejects(query(inDatabase(url, 'postgres'), 'select 1'), { code: '42501' });
    await rejects(query(inDatabase(url, 'template1'), 'select 1'), { code: '42501' });
  });

  after(async () => {
    await server?.stop();
    rmSync(home, { recursive: true, force: true });
  });
});

const unreachable = await query(MACHINES_SERVER, 'select 1').then(
  () => false as const,
  (error: Error) => `no PostgreSQL at ${MACHINES_SERVER}: ${error.message}`,
);
const skip = process.env['REQUIRE_SERVICES'] === '1' ? false : unreachable;

describe("on this machine's server", { skip }, () => {
  provisioning(() => MACHINES_SERVER, { ownServer: false });
});
