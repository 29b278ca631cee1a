import { join } from 'node:path';
import { offeredConnections, provisionDatabase, startEmbeddedPostgres } from '@ashlar/postgres';
import { connectionsEach, type Demand } from './connection-share.ts';
import type { DataDirectory } from './data-directory.ts';

/** The PostgreSQL server of a system, and each service's own place on it. */
export interface DatabaseServer {
  /** Makes what is missing; answers the service's own addresses. */
  provision(service: string): Promise<ServiceDatabase>;
  stop(): Promise<void>;
}

/** A service's own place on the server, and the same on its replicas. */
export interface ServiceDatabase {
  readonly databaseUrl: string;
  readonly replicaUrls: readonly string[];
  /** What the server has for each of its replicas. */
  readonly maxConnections: number;
}

export interface DatabaseServerOptions {
  readonly directory: DataDirectory;
  readonly namespace: string;
  /** An administrator's address; without one a server is embedded. */
  readonly url: string | undefined;
  /** How many replicas the embedded server has. */
  readonly replicas: number;
  /** The replicas of the server that is given. */
  readonly replicaUrls: readonly string[];
  readonly demand: Demand;
  readonly onProgress: (line: string) => void;
}

export async function openDatabaseServer({
  directory,
  namespace,
  url,
  replicas,
  replicaUrls,
  demand,
  onProgress,
}: DatabaseServerOptions): Promise<DatabaseServer> {
  const embedded = url
    ? undefined
    : await startEmbeddedPostgres({ directory: join(directory.path, 'postgres'), replicas, onProgress });
  const adminUrl = url ?? embedded!.url;
  // One that is shared with others may be full: it is asked before anything is made.
  const maxConnections = url ? connectionsEach(await offeredConnections(url), demand) : demand.most;
  const copies = embedded?.replicaUrls ?? replicaUrls;
  return {
    provision: async (service) => {
      const password = directory.passwordOf(service);
      const wanted = { adminUrl, namespace, service, password, ownServer: embedded !== undefined };
      const databaseUrl = await provisionDatabase(wanted);
      return { databaseUrl, maxConnections, replicaUrls: copies.map((copy) => onReplica(databaseUrl, copy)) };
    },
    stop: async () => embedded?.stop(),
  };
}

/** Roles and databases are copied with everything else: only the place is another. */
function onReplica(databaseUrl: string, replica: string): string {
  const { hostname, port, searchParams } = new URL(replica);
  const url = new URL(databaseUrl);
  url.hostname = hostname;
  url.port = port || '5432';
  for (const [name, value] of searchParams) if (name.startsWith('ssl')) url.searchParams.set(name, value);
  return url.href;
}
