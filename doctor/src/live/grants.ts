import pg from 'pg';
import { LiveError } from './running-system.ts';

/** A login role, and the databases that it may enter. */
export interface Grant {
  readonly role: string;
  readonly database: string;
  /** Whether the role owns the database. */
  readonly isOwner: boolean;
}

export interface Grants {
  readonly grants: readonly Grant[];
  /** Login roles that own a database of their own, and are above all grants. */
  readonly superusers: readonly string[];
}

/** Databases of services: those that a login role of its own owns. */
const QUERY = `
  select r.rolname as role, d.datname as database, d.datdba = r.oid as "isOwner"
  from pg_roles r cross join pg_database d
  where r.rolcanlogin and not r.rolsuper and not d.datistemplate and d.datallowconn
    and has_database_privilege(r.oid, d.oid, 'CONNECT')
    and exists (select from pg_roles o where o.oid = d.datdba and o.rolcanlogin and not o.rolsuper)`;

/** Who may enter whose database, asked of a PostgreSQL server. Nothing is changed. */
export async function readGrants(connectionString: string): Promise<Grants> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<Grant>(QUERY);
    const { rows: above } = await client.query<{ role: string }>(
      `select rolname as role from pg_roles r where rolcanlogin and rolsuper and r.oid <> 10
         and exists (select from pg_database d where d.datdba = r.oid)`,
    );
    return { grants: rows, superusers: above.map(({ role }) => role) };
  } catch (error) {
    throw new LiveError(`The database cannot be asked for its grants: ${(error as Error).message}`);
  } finally {
    await client.end().catch(() => {});
  }
}
