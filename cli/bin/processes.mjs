import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** What is known of a process; undefined when it is dead or only a zombie. */
function lookUp(pid) {
  if (process.platform === 'win32') return isThere(pid) ? { parent: 0, start: 'alive', name: '' } : undefined;
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    const fields = stat.slice(end + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { parent: Number(fields[1]), start: fields[19], name: stat.slice(stat.indexOf('(') + 1, end) };
  } catch {
    return undefined;
  }
}

function fromPs(pid) {
  try {
    const args = ['-o', 'state=,ppid=,lstart=,comm=', '-p', String(pid)];
    const row = execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [state, parent, ...rest] = row.trim().split(/\s+/);
    if (state.startsWith('Z')) return undefined;
    return {
      parent: Number(parent),
      start: rest.slice(0, 5).join(' '),
      name: rest.slice(5).join(' ').replace(/^.*\//, ''),
    };
  } catch {
    return undefined;
  }
}

function isThere(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

export const identify = (pid) => ({ pid, start: lookUp(pid)?.start });

export const isAlive = ({ pid, start }) => start !== undefined && lookUp(pid)?.start === start;

/** Kills a whole group whose leader this was, and waits for the leader's end. */
export async function killGroup(leader) {
  while (isAlive(leader)) {
    try {
      process.kill(process.platform === 'win32' ? leader.pid : -leader.pid, 'SIGKILL');
    } catch (error) {
      if (error.code === 'EPERM') return;
    }
    await pause(20);
  }
}

const SHELLS = ['sh', 'dash', 'bash', 'ash', 'zsh', 'busybox'];

/**
 * npm starts us, with a shell between, and cannot tell us when it is killed: asks twice a second whose children we are.
 */
export function whenNpmIsGone(callback) {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return;
  const parent = process.ppid;
  const shell = lookUp(parent);
  const grandparent = shell && SHELLS.includes(shell.name) ? shell.parent : undefined;
  const timer = setInterval(() => {
    const orphaned = process.ppid !== parent || (grandparent !== undefined && lookUp(parent)?.parent !== grandparent);
    if (!orphaned) return;
    clearInterval(timer);
    callback();
  }, 500);
  timer.unref();
}
