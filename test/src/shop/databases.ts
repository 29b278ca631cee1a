import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '@ashlar/cli';
import { PostgresDatabase } from '@ashlar/postgres';
import type { Shop } from './shop.ts';

export { SERVICES, type ServiceName } from '@ashlar/cli';

/** The services' databases, read by the administrator of their server: what no service would tell. */
export class Databases {
  readonly #open = new Map<ServiceName, PostgresDatabase>();

  constructor(private readonly shop: Pick<Shop, 'directory' | 'databaseUrl'>) {}

  async query<Row extends object>(service: ServiceName, sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#database(service).query<Row>(sql, values);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((database) => database.close()));
  }

  #database(service: ServiceName): PostgresDatabase {
    const known = this.#open.get(service);
    if (known) return known;
    const { directory, databaseUrl } = this.shop;
    const url = new URL(databaseUrl ?? embeddedUrl(directory));
    url.pathname = `/ashlar_${namespaceOf(directory)}_${service}`;
    const database = new PostgresDatabase({ url: url.href, maxConnections: 1 });
    this.#open.set(service, database);
    return database;
  }
}

/** The name of a system on its server. */
export const namespaceOf = (directory: string): string => readFileSync(join(directory, 'namespace'), 'utf8').trim();

/** What PostgreSQL says of itself while it runs: its process number, and its port. */
export function postmasterOf(directory: string): { readonly pid: number; readonly port: number } {
  const lines = readFileSync(join(directory, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]) };
}

function embeddedUrl(directory: string): string {
  const password = readFileSync(join(directory, 'postgres', 'password'), 'utf8').trim();
  return `postgres://postgres:${password}@127.0.0.1:${postmasterOf(directory).port}/postgres`;
}
