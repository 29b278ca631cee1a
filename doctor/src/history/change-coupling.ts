import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { System } from '../model/system.ts';
import { groupBy } from '../source/group-by.ts';

export interface Commit {
  readonly hash: string;
  readonly subject: string;
}

/** Two services that change together. */
export interface Coupling {
  readonly services: readonly [string, string];
  /** Commits that touch both, the latest first; some of them. */
  readonly commits: readonly Commit[];
  readonly together: number;
  /** Commits that touch the one that changes less often. */
  readonly either: number;
}

/** What the commits of a repository tell of its services. */
export interface History {
  /** Whether all of it is here; a shallow clone has the last commits only. */
  readonly extent: 'whole' | 'shallow' | 'none';
  /** Commits that touch a service. */
  readonly commits: number;
  /** Of these, those that touch two or more. */
  readonly across: number;
  /** Commits that touch two or more, the latest first; some of them. */
  readonly examples: readonly Commit[];
  readonly couplings: readonly Coupling[];
}

/**
 * A commit that touches more services than this, or more files, is a sweep: a rename, a format, an upgrade. Where
 * half of all commits touch so many services, that is how the system is changed, and they count.
 */
const SWEEP = { share: 0.6, services: 3, files: 200, usual: 0.5 };
const MOST_COMMITS = 5_000;
const SHOWN = 5;
const MARK = '\u0001';

/** Reads the latest commits of a repository. */
export async function readHistory(system: System): Promise<History> {
  const tally = new Tally(system.services.length);
  let commit: Commit | undefined;
  let paths: string[] = [];
  const end = (): void => {
    if (commit) tally.add(commit, servicesOf(system, paths), paths.length);
    paths = [];
  };
  const isThere = await eachCommitLine(system.root, (line) => {
    if (line.startsWith(MARK)) {
      end();
      const [hash = '', subject = ''] = line.slice(1).split(MARK);
      commit = { hash, subject };
    } else if (line !== '') paths.push(line);
  });
  end();
  return { ...tally.result(), extent: isThere ? await extentOf(system.root) : 'none' };
}

async function extentOf(root: string): Promise<History['extent']> {
  let said = '';
  const args = ['rev-parse', '--is-shallow-repository'];
  await eachLineOf(root, args, (line) => {
    said = line;
  });
  return said === 'true' ? 'shallow' : 'whole';
}

/** Tests and documents change for reasons of their own. */
const BESIDE = /(^|\/)(package(-lock)?\.json|tsconfig[^/]*\.json|[^/]*\.md|[^/]*\.lock|pnpm-lock\.yaml|Dockerfile)$/;

const servicesOf = (system: System, paths: readonly string[]): string[] => [
  ...new Set(
    paths.flatMap((path) => {
      const part = BESIDE.test(path) ? undefined : system.partOf(path);
      return part?.kind === 'service' ? [part.name] : [];
    }),
  ),
];

function eachCommitLine(root: string, onLine: (line: string) => void): Promise<boolean> {
  const format = `--format=${MARK}%h${MARK}%s`;
  const args = [
    'log',
    '--no-merges',
    '--name-only',
    '--relative',
    '--no-renames',
    `-n${MOST_COMMITS}`,
    format,
    '--',
    '.',
  ];
  return eachLineOf(root, args, onLine);
}

async function eachLineOf(root: string, args: readonly string[], onLine: (line: string) => void): Promise<boolean> {
  const git = spawn('git', ['-C', root, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<number>((resolve) => {
    git.once('error', () => resolve(1));
    git.once('close', (code) => resolve(code ?? 1));
  });
  for await (const line of createInterface({ input: git.stdout })) onLine(line);
  return (await ended) === 0;
}

interface Change {
  readonly commit: Commit;
  readonly touched: readonly string[];
}

class Tally {
  readonly #changes: Change[] = [];
  readonly #sweeps: Change[] = [];

  constructor(private readonly services: number) {}

  add(commit: Commit, touched: readonly string[], files: number): void {
    if (touched.length === 0 || files > SWEEP.files) return;
    const isSweep = touched.length > SWEEP.services && touched.length > SWEEP.share * this.services;
    (isSweep ? this.#sweeps : this.#changes).push({ commit, touched });
  }

  result(): Omit<History, 'extent'> {
    const all = this.#changes.length + this.#sweeps.length;
    const counted = this.#sweeps.length >= SWEEP.usual * all ? [...this.#changes, ...this.#sweeps] : this.#changes;
    const across = counted.filter(({ touched }) => touched.length > 1);
    return {
      commits: counted.length,
      across: across.length,
      examples: across.slice(0, SHOWN).map(({ commit }) => commit),
      couplings: couplingsOf(counted),
    };
  }
}

function couplingsOf(changes: readonly Change[]): Coupling[] {
  const of = groupBy(
    changes.flatMap(({ touched }) => touched),
    (name) => name,
  );
  const together = groupBy(
    changes.flatMap(({ commit, touched }) =>
      pairsOf([...touched].sort()).map((services) => ({ services, commit, key: services.join('\0') })),
    ),
    ({ key }) => key,
  );
  return [...together.values()].map((same) => ({
    services: same[0]!.services,
    commits: same.slice(0, SHOWN).map(({ commit }) => commit),
    together: same.length,
    either: Math.min(...same[0]!.services.map((name) => of.get(name)!.length)),
  }));
}

const pairsOf = (names: readonly string[]): (readonly [string, string])[] =>
  names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other] as const));
