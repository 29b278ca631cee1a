import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { System } from '../model/system.ts';

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
  /** Commits that touch a service. */
  readonly commits: number;
  /** Of these, those that touch two or more. */
  readonly across: number;
  readonly couplings: readonly Coupling[];
}

/** A commit that touches more services than this, or more files, is a sweep: a rename, a format, an upgrade. */
const SWEEP = { share: 0.6, services: 3, files: 200 };
const MOST_COMMITS = 5_000;
const SHOWN = 5;
const MARK = '\u0001';

/** Reads the latest commits of a repository; nothing where there is no history. */
export async function readHistory(system: System): Promise<History | undefined> {
  const tally = new Tally(system.services.length);
  let commit: Commit | undefined;
  let paths: string[] = [];
  const end = (): void => {
    if (commit) tally.add(commit, servicesOf(system, paths), paths.length);
    paths = [];
  };
  const isThere = await eachLine(system.root, (line) => {
    if (line.startsWith(MARK)) {
      end();
      const [hash = '', subject = ''] = line.slice(1).split(MARK);
      commit = { hash, subject };
    } else if (line !== '') paths.push(line);
  });
  end();
  return isThere ? tally.result() : undefined;
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

async function eachLine(root: string, onLine: (line: string) => void): Promise<boolean> {
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
  const git = spawn('git', ['-C', root, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<number>((resolve) => {
    git.once('error', () => resolve(1));
    git.once('close', (code) => resolve(code ?? 1));
  });
  for await (const line of createInterface({ input: git.stdout })) onLine(line);
  return (await ended) === 0;
}

class Tally {
  readonly #of = new Map<string, number>();
  readonly #together = new Map<string, { services: readonly [string, string]; commits: Commit[]; count: number }>();
  #commits = 0;
  #across = 0;

  constructor(private readonly services: number) {}

  add(commit: Commit, touched: readonly string[], files: number): void {
    if (touched.length === 0) return;
    const isSweep =
      files > SWEEP.files || (touched.length > SWEEP.services && touched.length > SWEEP.share * this.services);
    if (isSweep) return;
    this.#commits += 1;
    if (touched.length > 1) this.#across += 1;
    for (const name of touched) this.#of.set(name, (this.#of.get(name) ?? 0) + 1);
    for (const services of pairsOf([...touched].sort())) {
      const key = services.join('\0');
      const known = this.#together.get(key) ?? { services, commits: [], count: 0 };
      known.count += 1;
      if (known.commits.length < SHOWN) known.commits.push(commit);
      this.#together.set(key, known);
    }
  }

  result(): History {
    const couplings = [...this.#together.values()].map(({ services, commits, count }) => ({
      services,
      commits,
      together: count,
      either: Math.min(...services.map((name) => this.#of.get(name)!)),
    }));
    return { commits: this.#commits, across: this.#across, couplings };
  }
}

const pairsOf = (names: readonly string[]): (readonly [string, string])[] =>
  names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other] as const));
