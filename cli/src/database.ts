import { join } from 'node:path';
import { provisionDatabase, startEmbeddedPostgres } from '@ashlar/postgres';
import type { DataDirectory } from './data-directory.ts';

/** The PostgreSQL server of a system, and each service's own place on it. */
export interface DatabaseServer {
  /** Makes what is missing; answers the service's own address. */
  provision(service: string): Promise<string>;
  stop(): Promise<void>;
}

export interface DatabaseServerOptions {
  readonly directory: DataDirectory;
  readonly namespace: string;
  /** An administrator's address; without one a server is embedded. */
  readonly url: string | undefined;
  readonly onProgress: (line: string) => void;
}

export async function openDatabaseServer({
  directory,
  namespace,
  url,
  onProgress,
}: DatabaseServerOptions): Promise<DatabaseServer> {
  const embedded = url
    ? undefined
    : await startEmbeddedPostgres({ directory: join(directory.path, 'postgres'), onProgress });
  const adminUrl = url ?? embedded!.url;
  return {
    provision: (service) =>
      provisionDatabase({
        adminUrl,
        namespace,
        service,
        password: directory.passwordOf(service),
        ownServer: embedded !== undefined,
      }),
    stop: async () => embedded?.stop(),
  };
}
