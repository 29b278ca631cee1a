import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { chooseRunner } from './account.ts';
import { findBinaries } from './binaries.ts';
import { openCluster } from './cluster.ts';
import { DirectoryLock } from './directory-lock.ts';
import { EmbeddedPostgresError } from './embedded-postgres.error.ts';
import { endLeftovers } from './leftovers.ts';
import { startReplicas } from './replicas.ts';
import { Server } from './server.ts';

export { EmbeddedPostgresError } from './embedded-postgres.error.ts';

export interface EmbeddedPostgresOptions {
  readonly directory: string;
  readonly onProgress?: (line: string) => void;
  /** Settings of the server that differ from ours, for tests that need not survive a power cut. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long to wait for another process that uses the directory: an earlier run may need 10 s for its drain. */
  readonly patienceMs?: number;
  /** How many streaming replicas it has, in directories beside its data; none by default. */
  readonly replicas?: number;
}

/** A PostgreSQL server of our own, with its data in a directory. */
export interface EmbeddedPostgres {
  /** The administrator's address. */
  readonly url: string;
  /** The same administrator's addresses on its replicas. */
  readonly replicaUrls: readonly string[];
  stop(): Promise<void>;
}

/** Starts the server of a directory, whatever an earlier run left there, and makes its data on first use. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { directory, onProgress = () => {}, settings = {}, patienceMs = 12_000, replicas = 0 } = options;
  const home = openHome(directory);
  const lock = await DirectoryLock.take(home, { patienceMs, onProgress });
  try {
    const binaries = findBinaries();
    const data = join(home, 'data');
    const runner = chooseRunner(home, data, binaries);
    const clusterName = `ashlar-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`;
    await endLeftovers({ data, clusterName, binaries, onProgress });
    const cluster = await openCluster(home, binaries, runner);
    const server = new Server({ cluster, clusterName, binaries, runner, settings, onProgress });
    await server.start();
    const urlOf = ({ port }: Server) => `postgres://postgres:${cluster.password}@127.0.0.1:${port}/postgres`;
    const primary = { cluster, clusterName, port: server.port, url: urlOf(server) };
    const copies = await startReplicas(replicas, { primary, binaries, runner, settings, onProgress }).catch(
      async (error) => {
        await server.stop();
        throw error;
      },
    );
    let stopped: Promise<void> | undefined;
    const stop = async () => {
      await Promise.all(copies.map((copy) => copy.stop()));
      await server.stop().finally(() => lock.release());
    };
    return { url: primary.url, replicaUrls: copies.map(urlOf), stop: () => (stopped ??= stop()) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openHome(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true });
    return realpathSync(directory);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The directory ${directory} cannot be used for the database: ${(error as Error).message}`,
    );
  }
}
