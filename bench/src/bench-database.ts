import { join } from 'node:path';
import { type Migration, migrate, provisionDatabase, startEmbeddedPostgres } from '@ashlar/postgres';
import pg from 'pg';
import { atEnd, workDirectory } from './lifetime.ts';

/** A server for one measurement: the one that `npm start` uses, with its settings. */
export interface BenchServer {
  /** The administrator's address. */
  readonly adminUrl: string;
  /** On the same disk as its data. */
  readonly directory: string;
}

export interface BenchDatabase extends BenchServer {
  readonly url: string;
}

/** A database as a service has it, on a server of its own. */
export async function openDatabase(migrations: readonly Migration[]): Promise<BenchDatabase> {
  const directory = workDirectory();
  const server = await startEmbeddedPostgres({ directory: join(directory, 'postgres') });
  atEnd(() => server.stop());
  const url = await provisionBench(server.url);
  await migrate(url, migrations);
  return { url, adminUrl: server.url, directory };
}

/** A database for peers on a server that runs. */
export const provisionBench = (adminUrl: string, service = 'bench'): Promise<string> =>
  provisionDatabase({ adminUrl, namespace: 'bench', service, password: 'of-no-use-to-others' });

/** As thin as it gets: the driver's pool, as many connections as a service has, named statements. */
export class ThinPg {
  static readonly CONNECTIONS = 10;
  readonly #pool: pg.Pool;

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: ThinPg.CONNECTIONS });
    this.#pool.on('error', () => {});
    atEnd(() => this.#pool.end());
  }

  async query<Row extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    return (await this.#pool.query<Row>({ name, text, values: [...values] })).rows;
  }

  async serverVersion(): Promise<string> {
    const version = `select current_setting('server_version') as version`;
    return (await this.query<{ version: string }>('version', version))[0]!.version;
  }

  /** Several statements without values, such as those that make tables. */
  async script(text: string): Promise<void> {
    await this.#pool.query(text);
  }
}
