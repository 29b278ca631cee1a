import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { cpuMs, machineCpuMs } from './process-usage.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Prints what a claim's file has measured, as Markdown; progress goes to the other stream. */
export function print(title: string, { tables, notes }: { tables: readonly Table[]; notes: readonly string[] }): void {
  console.log(`## ${title}\n`);
  for (const table of tables) console.log(`${markdown(table)}\n`);
  for (const note of notes) console.log(`- ${note}`);
  console.log();
}

function markdown({ head, rows }: Table): string {
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Where and when this was measured, and whether somebody else was at work. */
export function circumstances(versions: Readonly<Record<string, string | undefined>>): string {
  const { length: cores, 0: core } = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const used = Object.entries({ Node: process.version, ...versions }).flatMap(([name, version]) =>
    version ? [`${name} ${version}`] : [],
  );
  return [
    new Date().toISOString().slice(0, 16).replace('T', ' '),
    `${cores} × ${core?.model.trim() ?? 'unknown'}`,
    `${gigabytes} GB`,
    `${type()} ${release()}`,
    ...used,
    others(cores),
  ].join(', ');
}

const began = { at: performance.now(), ms: foreignCpuMs() };

/** How quiet the machine was: figures beside other work mean little. */
function others(cores: number): string {
  const share = (foreignCpuMs() - began.ms) / (performance.now() - began.at) / cores;
  return Number.isNaN(share)
    ? 'other processes unknown'
    : `other processes took ${(share * 100).toFixed(0)} % of the CPU`;
}

/** CPU time of everybody but us and our children. */
function foreignCpuMs(): number {
  try {
    return machineCpuMs() - (cpuMs(process.pid) ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}

/** The version that a program on the PATH tells; undefined where there is none. */
export function versionOf(program: string): string | undefined {
  try {
    const told = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /\d+(\.\d+)+/.exec(told)?.[0];
  } catch {
    return undefined;
  }
}

export const figure = (value: number): string =>
  Number.isNaN(value) ? '–' : value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });

export const ms = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(value < 10 ? 2 : 0));

export const spread = (values: readonly number[]): string =>
  `${figure(Math.min(...values))}–${figure(Math.max(...values))}`;
