import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Runner } from './account.ts';
import type { Binaries } from './binaries.ts';
import { type Cluster, lastLines } from './cluster.ts';
import { EmbeddedPostgresError } from './embedded-postgres.error.ts';
import { freePort } from './free-port.ts';
import { endServer, stopOnWindows } from './leftovers.ts';
import { until } from './processes.ts';
import { ENVIRONMENT, SETTINGS } from './settings.ts';
import { Watchdog } from './watchdog.ts';

export interface ServerOptions {
  readonly cluster: Cluster;
  readonly clusterName: string;
  readonly binaries: Binaries;
  readonly runner: Runner;
  readonly settings: Readonly<Record<string, string>>;
  readonly onProgress: (line: string) => void;
}

const ORPHANS_TIMEOUT_MS = 10_000;
/** Recovery after a crash replays at most `max_wal_size`, on the slowest of disks. */
const READY_TIMEOUT_MS = 120_000;

/** A running postmaster, its watchdog, and its revival when somebody kills it. */
export class Server {
  #child: ChildProcess | undefined;
  #watchdog: Watchdog | undefined;
  #stopping = false;
  #reviving: Promise<void> = Promise.resolve();
  #port = 0;

  constructor(private readonly options: ServerOptions) {}

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const log = join(this.options.cluster.home, 'postgres.log');
    rotate(log);
    const deadline = performance.now() + ORPHANS_TIMEOUT_MS;
    for (let ports = 0; ; ) {
      const port = this.#port || (await freePort());
      const complaint = await this.#launch(port, log);
      if (complaint === undefined) {
        this.#port = port;
        return;
      }
      const busyPort = /could not (bind|create any TCP)|in use by another/i.test(complaint) && this.#port === 0;
      const orphans = /pre-existing shared memory block/.test(complaint) && performance.now() < deadline;
      if (orphans) await pause(50);
      else if (!busyPort || ++ports > 5)
        throw new EmbeddedPostgresError(`PostgreSQL did not start: ${lastLines(complaint)}`);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#reviving;
    const child = this.#child;
    if (child?.pid !== undefined && isRunning(child)) {
      if (process.platform === 'win32') stopOnWindows(this.options.binaries, this.options.cluster.data);
      else await endServer(child.pid);
      await until(() => !isRunning(child), 5_000);
    }
    this.#watchdog?.dismiss();
  }

  /** Starts the postmaster; what it complained about when it did not become ready. */
  async #launch(port: number, log: string): Promise<string | undefined> {
    const before = readFileSync(log).length;
    const child = this.#spawn(port, log);
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    const ready = () => failure !== undefined || !isRunning(child) || isReady(this.options.cluster.data, child.pid);
    const inTime = await until(ready, READY_TIMEOUT_MS);
    if (inTime && !failure && isRunning(child)) {
      this.#guard(child);
      return undefined;
    }
    if (!inTime && child.pid !== undefined) await endServer(child.pid);
    this.#watchdog?.dismiss();
    return failure?.message ?? (readFileSync(log).subarray(before).toString() || 'it said nothing');
  }

  #spawn(port: number, log: string): ChildProcess {
    const { cluster, clusterName, binaries, runner, settings } = this.options;
    const values = { ...SETTINGS, port, cluster_name: clusterName, ...settings };
    const flags = Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [file = '', ...args] = [...runner.prefix, binaries.postgres, '-D', cluster.data, ...flags];
    const output = openSync(log, 'a');
    const child = spawn(file, args, {
      ...runner.options,
      cwd: process.platform === 'win32' ? cluster.home : '/',
      env: ENVIRONMENT,
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child.unref();
    if (child.pid !== undefined) this.#watchdog = new Watchdog(child.pid);
    return child;
  }

  /**
   * A postmaster that ends without us (the kernel's memory killer) comes back at its address; pools reconnect by
   * themselves.
   */
  #guard(child: ChildProcess): void {
    this.#child = child;
    const revive = () => {
      this.#watchdog?.dismiss();
      if (this.#stopping) return;
      this.options.onProgress('PostgreSQL ended unexpectedly and is started again');
      this.#reviving = this.start().catch((error: Error) => this.options.onProgress(error.message));
    };
    if (isRunning(child)) child.once('exit', revive);
    else revive();
  }
}

const isRunning = (child: ChildProcess) =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** The eighth line of the postmaster's file says in which state it is. */
function isReady(data: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return (process.platform === 'win32' || Number(lines[0]) === pid) && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

function rotate(log: string): void {
  try {
    renameSync(log, `${log}.1`);
  } catch {
    // There is none yet.
  }
  closeSync(openSync(log, 'a', 0o600));
}
