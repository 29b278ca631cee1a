import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { EmbeddedPostgresError } from './embedded-postgres.error.ts';
import { commandOf, processesNamed, signal, startOf, until } from './processes.ts';

/** Greater than any process number of a system that PostgreSQL runs on. */
const NOBODY = 2_147_483_647;

export interface Leftovers {
  readonly data: string;
  readonly clusterName: string;
  readonly binaries: Binaries;
  readonly onProgress: (line: string) => void;
}

/** Ends what a killed run left: its server when it still lives, and the orphans of a server that was killed as well. */
export async function endLeftovers({ data, clusterName, binaries, onProgress }: Leftovers): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const lines = readLines(file);
  if (!lines) return;
  if (process.platform === 'win32') return stopOnWindows(binaries, data);
  const pid = Number(lines[0]);
  if (!(pid > 0)) return rmSync(file, { force: true });
  if (isServerOf(pid, data)) {
    onProgress('Ending the PostgreSQL server that a killed run left behind');
    await endServer(pid);
  } else if (signal(pid, 0)) {
    // The number is a stranger's or a zombie's. Only it is taken out: the rest tells the
    // new server of orphans' shared memory.
    writeFileSync(file, [NOBODY, ...lines.slice(1)].join('\n'));
  }
  for (const orphan of processesNamed(`postgres: ${clusterName}: `)) signal(orphan, 'SIGQUIT');
}

function readLines(file: string): string[] | undefined {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return undefined;
  }
}

/** Its command line is the one that `Server` wrote: the data of no other server are meant. */
const isServerOf = (pid: number, data: string): boolean =>
  startOf(pid) !== undefined && commandOf(pid).includes(`postgres -D ${data} -c `);

/** Fast shutdown first, then immediate, then none at all. */
export async function endServer(pid: number): Promise<void> {
  const start = startOf(pid);
  const gone = () => startOf(pid) !== start;
  for (const [name, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    signal(pid, name);
    if (await until(gone, patienceMs)) return;
  }
  throw new EmbeddedPostgresError(`The PostgreSQL server with process number ${pid} does not end: stop it first.`);
}

/** Windows knows no signals: `pg_ctl` speaks to the server in its own way. */
export function stopOnWindows({ pgCtl }: Binaries, data: string): void {
  spawnSync(pgCtl, ['stop', '-m', 'fast', '-D', data], { stdio: 'ignore', windowsHide: true });
}
