import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedPostgresError, isCode } from './embedded-postgres.error.ts';

const onLinux = process.platform === 'linux';

/**
 * When the process began: tells it from a later one with the same number. Undefined when it is dead or only a zombie.
 */
export function startOf(pid: number): string | undefined {
  if (process.platform === 'win32') return signal(pid, 0) ? 'alive' : undefined;
  if (!onLinux) return startByPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startByPs(pid: number): string | undefined {
  const [state = 'Z', ...start] = ps('-o', 'state=,lstart=', '-p', String(pid)).trim().split(/\s+/);
  return state === '' || state.startsWith('Z') ? undefined : start.join(' ');
}

/** The command line of a process, its words separated by blanks; empty when there is none to be seen. */
export function commandOf(pid: number): string {
  if (!onLinux) return ps('-o', 'command=', '-p', String(pid)).trim();
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** All processes of this machine whose command line begins like this. */
export function processesNamed(beginning: string): number[] {
  if (process.platform === 'win32') return [];
  if (onLinux) return pids().filter((pid) => commandOf(pid).startsWith(beginning));
  const lines = ps('-axo', 'pid=,command=').split('\n');
  const rows = lines.map((line) => /^\s*(\d+)\s+(.*)$/.exec(line));
  return rows.flatMap((row) => (row?.[2]?.startsWith(beginning) ? [Number(row[1])] : []));
}

const pids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function ps(...args: string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

/** Sends a signal; false when there is nobody to hear it. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (!isCode(error, 'EPERM')) return false;
    if (name === 0) return true;
    throw new EmbeddedPostgresError(
      `Process ${pid} still uses this database and belongs to another user: stop it first.`,
    );
  }
}

/** Asks a condition every few milliseconds; false when the time is over. */
export async function until(condition: () => boolean, timeoutMs: number, everyMs = 10): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await pause(everyMs);
  }
  return true;
}
