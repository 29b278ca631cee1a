import { createHash } from 'node:crypto';
import pg, { escapeIdentifier, escapeLiteral } from 'pg';

/** A service's place on a server: its own role, and a database of the same name that only this role may enter. */
export interface Provision {
  /** The address of somebody who may make databases and roles. */
  readonly adminUrl: string;
  readonly namespace: string;
  readonly service: string;
  readonly password: string;
  /** Nobody else uses this server: the services are kept out of its `postgres` and `template1` as well. */
  readonly ownServer?: boolean;
}

/** What every session of a service begins with: nothing holds locks or connections for ever. */
const SESSION = {
  idle_in_transaction_session_timeout: '5s',
  statement_timeout: '30s',
  lock_timeout: '2s',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '15s',
};

const LOCK = "hashtextextended('ashlar.provision', 0)";
const LONGEST_NAME = 63;

/** Makes what is missing, repairs what differs, and answers the service's own address. Safe to call by many at once. */
export async function provisionDatabase(wanted: Provision): Promise<string> {
  const name = nameOf(wanted.namespace, wanted.service);
  await asAdministrator(wanted.adminUrl, async (admin) => {
    await provideRole(admin, name, wanted);
    await provideDatabase(admin, name, wanted);
    if (wanted.ownServer) await admin.query('revoke all on database postgres, template1 from public');
  });
  return addressOf(wanted.adminUrl, name, wanted.password);
}

const OFFERED = `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  - coalesce(current_setting('reserved_connections', true)::int, 0) as offered`;

/** How many connections a server offers to all who are not its superusers. */
export async function offeredConnections(adminUrl: string): Promise<number> {
  let offered = 0;
  await asAdministrator(adminUrl, async (admin) => {
    offered = (await admin.query(OFFERED)).rows[0].offered;
  });
  return offered;
}

/** Removes all databases and roles of a namespace, whoever is connected. */
export async function dropNamespace({ adminUrl, namespace }: Pick<Provision, 'adminUrl' | 'namespace'>): Promise<void> {
  await asAdministrator(adminUrl, async (admin) => {
    const databases = `select datname as name from pg_database where shobj_description(oid, 'pg_database') = $1`;
    for (const { name } of (await admin.query(databases, [markOf(namespace)])).rows) {
      await admin.query(`drop database ${escapeIdentifier(name)} with (force)`);
    }
    const roles = `select rolname as name from pg_roles where shobj_description(oid, 'pg_authid') = $1`;
    for (const { name } of (await admin.query(roles, [markOf(namespace)])).rows) {
      await admin.query(`drop role ${escapeIdentifier(name)}`);
    }
  });
}

/** One at a time: PostgreSQL has no "create database if not exists", and refuses two changes of one role at once. */
async function asAdministrator(adminUrl: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  admin.on('error', () => {});
  await admin.connect();
  try {
    await admin.query(`select pg_advisory_lock(${LOCK})`);
    await work(admin);
  } finally {
    await admin.end();
  }
}

async function provideRole(admin: pg.Client, name: string, { namespace, password }: Provision): Promise<void> {
  const role = escapeIdentifier(name);
  const rights = `select rolsuper or rolcreaterole or rolcreatedb or rolreplication as excessive
    from pg_roles where rolname = $1`;
  const [found] = (await admin.query(rights, [name])).rows;
  const settings = Object.entries(SESSION).map(
    ([key, value]) => `alter role ${role} set ${key} = ${escapeLiteral(value)}`,
  );
  const statements = [
    ...(found ? [] : [`create role ${role} nosuperuser nocreatedb nocreaterole`]),
    ...(found?.excessive ? [`alter role ${role} nosuperuser nocreatedb nocreaterole noreplication`] : []),
    `set local password_encryption = 'scram-sha-256'`,
    `alter role ${role} login password ${escapeLiteral(password)}`,
    ...settings,
    `comment on role ${role} is ${escapeLiteral(markOf(namespace))}`,
  ];
  await inTransaction(admin, statements);
}

async function provideDatabase(admin: pg.Client, name: string, { namespace }: Provision): Promise<void> {
  const database = escapeIdentifier(name);
  const known = 'select datallowconn as open from pg_database where datname = $1';
  if ((await admin.query(known, [name])).rows.length === 0) {
    // An administrator who is not a superuser may only give a database to a role of which he is a member.
    await admin.query(`grant ${database} to current_user`);
    await admin.query(`create database ${database} owner ${database} ${await template(admin)} allow_connections false`);
  }
  await inTransaction(admin, [
    `revoke all on database ${database} from public`,
    `alter database ${database} owner to ${database}`,
    `alter database ${database} allow_connections true`,
    `comment on database ${database} is ${escapeLiteral(markOf(namespace))}`,
  ]);
}

/** UTF-8 and the order of code points wherever we are, so that a list has the same order on every server. */
async function template(admin: pg.Client): Promise<string> {
  const encoding = `select pg_encoding_to_char(encoding) as name from pg_database where datname = 'template0'`;
  const isUtf8 = (await admin.query(encoding)).rows[0]?.name === 'UTF8';
  return isUtf8 ? `template template0 lc_collate 'C'` : `template template0 encoding 'UTF8' locale 'C'`;
}

async function inTransaction(admin: pg.Client, statements: readonly string[]): Promise<void> {
  await admin.query(['begin', ...statements, 'commit'].join(';\n'));
}

const markOf = (namespace: string): string => `Ashlar, namespace ${namespace}`;

/** A name that is too long, or would need an escape in an address, is made plain and told from its likes by a hash. */
function nameOf(namespace: string, service: string): string {
  const name = `ashlar_${namespace}_${service}`;
  const plain = name.replace(/[^\w-]/g, '_');
  if (plain === name && name.length <= LONGEST_NAME) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${plain.slice(0, LONGEST_NAME - hash.length - 1)}_${hash}`;
}

function addressOf(adminUrl: string, name: string, password: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  for (const key of ['user', 'password', 'database', 'dbname']) url.searchParams.delete(key);
  if (url.hostname === '') {
    // A Unix socket: an address without a host has no room for a user before it.
    url.searchParams.set('user', name);
    url.searchParams.set('password', password);
    return url.href;
  }
  url.username = name;
  url.password = encodeURIComponent(password);
  return url.href;
}
