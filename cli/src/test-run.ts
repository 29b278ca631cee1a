import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '@ashlar/postgres';
import { onStop } from './parent.ts';
import { group } from './test-groups.ts';

export const root = resolve(import.meta.dirname, '..', '..');

export interface TestRun {
  /** Globs of compiled tests, from the root. */
  readonly files: readonly string[];
  readonly exclude?: readonly string[];
  /** Parts of paths: only the files that contain one of them run, or all where there is none. */
  readonly only: readonly string[];
  /** When a test that does not end has failed. */
  readonly timeoutMs?: number;
  /** How many processes run at once; one more than the cores that are promised when not told: many a test waits. */
  readonly atOnce?: number;
  /** Whether what tests write is kept in memory, if there is enough: it halves the CPU that the system itself takes. */
  readonly inMemory?: boolean;
}

/** Runs tests under Node's own runner, with an administrator's address in TEST_DATABASE_URL; answers the exit code. */
export async function runTests(run: TestRun): Promise<number> {
  const began = performance.now();
  const files = findTests(run);
  if (files.length === 0) {
    const where = run.only.length ? `whose path contains ${run.only.join(' or ')}` : `in ${run.files.join(', ')}`;
    console.error(`There is no test ${where}.`);
    return 2;
  }
  const stop = new AbortController();
  onStop(() => stop.abort());
  const { timeoutMs, atOnce = 3 } = run;
  const work = (url: string, directory: string) => {
    const processes = group(files, { root, directory: join(directory, 'groups') });
    return nodeTest(processes, { url, directory, timeoutMs, atOnce, signal: stop.signal });
  };
  const code = await withDatabase(work, run.inMemory ? roomInMemory() : tmpdir());
  console.error(`${files.length} test files in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return stop.signal.aborted ? 130 : code;
}

/** A test whose source is gone still lies in `dist`, and is none any more. */
export function findTests({ files, exclude = [], only }: TestRun): string[] {
  const compiled = globSync([...files], { cwd: root, exclude: [...exclude, '**/node_modules/**'] });
  const hasSource = (file: string) => existsSync(join(root, sourceOf(file)));
  const isNamed = (file: string, part: string) => file.includes(part) || sourceOf(file).includes(part);
  const isWanted = (file: string) => only.length === 0 || only.some((part) => isNamed(file, part));
  return compiled.filter((file) => hasSource(file) && isWanted(file)).sort(longestFirst);
}

const sourceOf = (file: string): string => file.replace('/dist/', '/src/').replace(/\.js$/, '.ts');

/** The tests of the whole system take the longest: none of them is left to run alone at the end. */
function longestFirst(one: string, other: string): number {
  const isOfTheWhole = (file: string) => Number(file.startsWith('test/'));
  return isOfTheWhole(other) - isOfTheWhole(one) || one.localeCompare(other);
}

/**
 * It need not survive a power cut, and knows two-phase commits: a writer may use them. Several whole systems are on it
 * at once, each with the pools of all its services, however many these are.
 */
const TEST_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  max_prepared_transactions: '10',
  max_connections: '400',
};

const MEMORY = '/dev/shm';
const ENOUGH_BYTES = 4 * 2 ** 30;

/** Databases and copied systems come and go by the thousand, which disks are slow at: the memory, if it has 4 GiB. */
function roomInMemory(): string {
  if (!existsSync(MEMORY) || process.availableMemory() < ENOUGH_BYTES) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize < ENOUGH_BYTES ? tmpdir() : MEMORY;
}

const DIRECTORY = 'ashlar-test-';

/** What a run that was killed has left behind would hold memory until the machine restarts. */
export function removeLeftovers(parent: string): void {
  for (const name of globSync(`${DIRECTORY}*`, { cwd: parent })) {
    const pid = Number(/^\d+(?=-)/.exec(name.slice(DIRECTORY.length))?.[0]);
    if (pid > 0 && !isRunning(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The server at DATABASE_URL, or one of our own that forgets everything: it must survive a kill, but no power cut. With
 * a directory for what the run itself needs.
 */
export async function withDatabase(
  work: (url: string, directory: string) => Promise<number>,
  parent: string = tmpdir(),
): Promise<number> {
  removeLeftovers(parent);
  const directory = mkdtempSync(join(parent, `${DIRECTORY}${process.pid}-`));
  try {
    const given = process.env['DATABASE_URL'];
    if (given) return await work(given, directory);
    const server = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), settings: TEST_SETTINGS });
    return await work(server.url, directory).finally(() => server.stop());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface NodeTestOptions {
  readonly url: string;
  /** Where tests make their own directories; it goes with the run. */
  readonly directory: string;
  readonly timeoutMs: number | undefined;
  readonly atOnce: number;
  readonly signal: AbortSignal;
}

async function nodeTest(
  files: readonly string[],
  { url, directory, timeoutMs, atOnce, signal }: NodeTestOptions,
): Promise<number> {
  if (signal.aborted) return 130;
  const timeout = timeoutMs === undefined ? [] : [`--test-timeout=${timeoutMs}`];
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=spec', `--test-concurrency=${atOnce}`, ...timeout, ...files],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, TEST_DATABASE_URL: url, TMPDIR: directory },
    },
  );
  signal.addEventListener('abort', () => void end(child));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}

/** The runner ends its tests on SIGTERM; one that cannot any more is killed. */
function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
}
