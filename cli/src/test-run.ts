import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres } from '@ashlar/postgres';
import { onStop } from './parent.ts';

export const root = resolve(import.meta.dirname, '..', '..');

export interface TestRun {
  /** Globs of compiled tests, from the root. */
  readonly files: readonly string[];
  readonly exclude?: readonly string[];
  /** Parts of paths: only the files that contain one of them run, or all where there is none. */
  readonly only: readonly string[];
  /** When a test that does not end has failed. */
  readonly timeoutMs?: number;
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
  const code = await withDatabase((url) => nodeTest(files, { url, timeoutMs: run.timeoutMs, signal: stop.signal }));
  console.error(`${files.length} test files in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return stop.signal.aborted ? 130 : code;
}

/** A test whose source is gone still lies in `dist`, and is none any more. */
export function findTests({ files, exclude = [], only }: TestRun): string[] {
  const compiled = globSync([...files], { cwd: root, exclude: [...exclude, '**/node_modules/**'] });
  const hasSource = (file: string) => existsSync(join(root, file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')));
  const isWanted = (file: string) => only.length === 0 || only.some((part) => file.includes(part));
  return compiled.filter((file) => hasSource(file) && isWanted(file)).sort();
}

/** The server at DATABASE_URL, or one of our own that forgets everything: it must survive a kill, but no power cut. */
async function withDatabase(work: (url: string) => Promise<number>): Promise<number> {
  const given = process.env['DATABASE_URL'];
  if (given) return work(given);
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-test-'));
  try {
    const server = await startEmbeddedPostgres({ directory, settings: { fsync: 'off', full_page_writes: 'off' } });
    return await work(server.url).finally(() => server.stop());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface NodeTestOptions {
  readonly url: string;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

async function nodeTest(files: readonly string[], { url, timeoutMs, signal }: NodeTestOptions): Promise<number> {
  if (signal.aborted) return 130;
  const timeout = timeoutMs === undefined ? [] : [`--test-timeout=${timeoutMs}`];
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=spec', '--test-concurrency=2', ...timeout, ...files],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, TEST_DATABASE_URL: url },
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
