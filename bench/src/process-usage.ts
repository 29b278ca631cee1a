import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in ticks of 10 ms. */
const MS_PER_TICK = 10;

export interface Memory {
  readonly rssMb: number;
  /** Shared pages are divided among those who share them: these add up. */
  readonly pssMb: number;
}

/**
 * CPU time of a process and of all children that it has had and still has, in ms; undefined where there is no /proc.
 */
export function cpuMs(pid: number): number | undefined {
  const own = statOf(pid);
  if (!own) return undefined;
  const ended = Number(own[15]) + Number(own[16]);
  const living = childrenOf(pid).reduce((sum, child) => sum + (cpuMs(child) ?? 0), 0);
  return (Number(own[13]) + Number(own[14]) + ended) * MS_PER_TICK + living;
}

/** CPU time that all processes of the machine have had, in ms. */
export function machineCpuMs(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'latin1').split(/\s+/, 9).map(Number);
  return (user! + nice! + system! + irq! + softirq!) * MS_PER_TICK;
}

/** CPU time of a process alone. */
export function ownCpuMs(pid: number): number | undefined {
  const own = statOf(pid);
  return own && (Number(own[13]) + Number(own[14])) * MS_PER_TICK;
}

/** What these processes hold together; undefined where the kernel does not tell. */
export function memoryOf(pids: readonly number[]): Memory | undefined {
  try {
    const rollups = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    const megabytes = (field: string) =>
      rollups.reduce((sum, rollup) => sum + Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]), 0) /
      1_024;
    return { rssMb: megabytes('Rss'), pssMb: megabytes('Pss') };
  } catch {
    return undefined;
  }
}

/** A process and all that descend from it. */
export const familyOf = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(familyOf)];

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => Number(statOf(pid)?.[3]) === parent);
}

/** The fields as proc(5) numbers them, less one. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    return [String(pid), stat.slice(stat.indexOf('('), end + 1), ...stat.slice(end + 2).split(' ')];
  } catch {
    return undefined;
  }
}
