import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Runner } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import { EmbeddedPostgresError } from './embedded-postgres.error.ts';
import { endLeftovers } from './leftovers.ts';
import { copyRunning } from './running-copy.ts';
import { Server } from './server.ts';

/** The server that replicas follow. */
export interface Primary {
  readonly cluster: Cluster;
  readonly clusterName: string;
  readonly port: number;
  readonly url: string;
}

export interface ReplicaOptions {
  readonly primary: Primary;
  readonly binaries: Binaries;
  readonly runner: Runner;
  readonly settings: Readonly<Record<string, string>>;
  readonly onProgress: (line: string) => void;
}

const STREAMING_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 50;
/** Where the identity of the cluster stands, in every version of the file. */
const IDENTITY_BYTES = 8;

/** Starts so many replicas, each in a directory beside the data, and removes what more an earlier start had. */
export async function startReplicas(count: number, options: ReplicaOptions): Promise<readonly Server[]> {
  const admin = new pg.Client({ connectionString: options.primary.url });
  admin.on('error', () => {});
  await admin.connect();
  const started: Server[] = [];
  try {
    await removeSurplus(admin, count, options);
    for (let number = 1; number <= count; number++) started.push(await new Replica(number, options).start(admin));
    return started;
  } catch (error) {
    await Promise.all(started.map((server) => server.stop()));
    throw error;
  } finally {
    await admin.end();
  }
}

const nameOf = (number: number): string => `ashlar_replica_${number}`;

/** A place in the log that nobody comes back to would keep all of the log behind it. */
async function removeSurplus(admin: pg.Client, count: number, options: ReplicaOptions): Promise<void> {
  const { home } = options.primary.cluster;
  const { rows } = await admin.query<{ name: string }>(
    `select slot_name as name from pg_replication_slots where slot_name ~ '^ashlar_replica_[0-9]+$' and not active`,
  );
  const numbers = readdirSync(home).flatMap((entry) => /^replica-(\d+)$/.exec(entry)?.slice(1).map(Number) ?? []);
  for (const number of numbers.filter((one) => one > count)) {
    await new Replica(number, options).endLeftovers();
    rmSync(join(home, `replica-${number}`), { recursive: true, force: true, maxRetries: 3 });
  }
  for (const { name } of rows) {
    if (Number(name.split('_').at(-1)) > count) await admin.query('select pg_drop_replication_slot($1)', [name]);
  }
}

/** One streaming replica. A copy that is there is mended by the log; one that cannot be is made anew. */
class Replica {
  readonly #home: string;
  readonly #data: string;
  readonly #name: string;
  readonly #clusterName: string;

  constructor(
    readonly number: number,
    private readonly options: ReplicaOptions,
  ) {
    const { cluster, clusterName } = options.primary;
    this.#home = join(cluster.home, `replica-${number}`);
    this.#data = join(this.#home, 'data');
    this.#name = nameOf(number);
    this.#clusterName = `${clusterName}-replica-${number}`;
  }

  async start(admin: pg.Client): Promise<Server> {
    await this.endLeftovers();
    const isKept = await this.#canBeMended(admin);
    if (!isKept) await this.#make(admin);
    try {
      return await this.#follow(admin);
    } catch (error) {
      if (!isKept) throw error;
      this.options.onProgress(`Replica ${this.number} cannot go on from its data, and is made anew`);
      await this.#make(admin);
      return this.#follow(admin);
    }
  }

  async endLeftovers(): Promise<void> {
    const { binaries, onProgress } = this.options;
    await endLeftovers({ data: this.#data, clusterName: this.#clusterName, binaries, onProgress });
  }

  /** It is a copy of this very cluster, and the log is kept from where it stands. */
  async #canBeMended(admin: pg.Client): Promise<boolean> {
    const needed = ['standby.signal', join('global', 'pg_control')];
    if (!needed.every((file) => existsSync(join(this.#data, file)))) return false;
    if (!identityOf(this.#data).equals(identityOf(this.options.primary.cluster.data))) return false;
    const slot = 'select 1 from pg_replication_slots where slot_name = $1 and restart_lsn is not null';
    return (await admin.query(slot, [this.#name])).rows.length > 0;
  }

  async #make(admin: pg.Client): Promise<void> {
    const { primary, runner, onProgress } = this.options;
    onProgress(`making database replica ${this.number}`);
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 3 });
    const draft = join(this.#home, `data.new-${process.pid}`);
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    await this.#reserve(admin);
    await copyRunning(admin, primary.cluster.data, draft);
    writeFileSync(join(draft, 'standby.signal'), '');
    runner.own(this.#home);
    renameSync(draft, this.#data);
  }

  /** The log is kept from now on, until the replica has got it. */
  async #reserve(admin: pg.Client): Promise<void> {
    const known = 'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1';
    await admin.query(known, [this.#name]);
    await admin.query('select pg_create_physical_replication_slot($1, true)', [this.#name]);
  }

  async #follow(admin: pg.Client): Promise<Server> {
    const { primary, binaries, runner, settings, onProgress } = this.options;
    const { port } = primary;
    const { password } = primary.cluster;
    const address = `host=127.0.0.1 port=${port} user=postgres password=${password} application_name=${this.#name}`;
    // In a file of its owner's: a flag of the command line is seen by everybody.
    const file = join(this.#data, 'postgresql.auto.conf');
    writeFileSync(file, `primary_conninfo = '${address}'\nprimary_slot_name = '${this.#name}'\n`, { mode: 0o600 });
    runner.own(file);
    const server = new Server({
      cluster: { home: this.#home, data: this.#data, password },
      clusterName: this.#clusterName,
      binaries,
      runner,
      settings: { ...settings, hot_standby_feedback: 'on' },
      onProgress,
    });
    await server.start();
    if (await this.#isStreaming(admin)) return server;
    await server.stop();
    throw new EmbeddedPostgresError(`Replica ${this.number} does not follow: ${join(this.#home, 'postgres.log')}`);
  }

  async #isStreaming(admin: pg.Client): Promise<boolean> {
    const streaming = `select 1 from pg_stat_replication where application_name = $1 and state = 'streaming'`;
    const deadline = performance.now() + STREAMING_WITHIN_MS;
    while ((await admin.query(streaming, [this.#name])).rows.length === 0) {
      if (performance.now() > deadline) return false;
      await pause(LOOK_AGAIN_MS);
    }
    return true;
  }
}

const identityOf = (data: string): Buffer =>
  readFileSync(join(data, 'global', 'pg_control')).subarray(0, IDENTITY_BYTES);
