import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf, type ParsedFile, parseSource } from '../source/parsed-file.ts';

const NEVER: ReadonlySet<string> = new Set([
  'node_modules',
  'dist',
  'build',
  'out',
  'coverage',
  'vendor',
  'bower_components',
  '__snapshots__',
]);
const LARGEST_BYTES = 1 << 20;
const LONGEST_LINE = 1_000;

interface Listed {
  readonly paths: readonly string[];
  readonly closed: readonly Unreadable[];
}

interface Unreadable {
  readonly path: string;
  readonly reason: string;
}

/**
 * Every file below a folder, from it, sorted; without what is installed, generated or hidden (but `.env` files), and
 * without what may not be read.
 */
export function listFiles(root: string): Listed {
  const paths: string[] = [];
  const closed: Unreadable[] = [];
  const tried = (path: string, read: () => void): void => {
    try {
      read();
    } catch (error) {
      closed.push({ path, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message });
    }
  };
  const step = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile() && (!entry.name.startsWith('.') || entry.name.startsWith('.env')))
        tried(path, () => {
          accessSync(join(root, path), constants.R_OK);
          paths.push(path);
        });
      else if (entry.isDirectory() && !NEVER.has(entry.name) && !entry.name.startsWith('.'))
        tried(path, () => step(path));
    }
  };
  tried('.', () => step(''));
  return { paths: paths.sort(), closed };
}

const SOURCE = /\.([cm]?[jt]s|[jt]sx)$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;

export const isSource = (path: string): boolean => SOURCE.test(path) && !DECLARATIONS.test(path);

/** A program without an ending, as `bin/www`, which says itself that Node runs it. */
export const isScript = (root: string, path: string): boolean =>
  /(^|\/)bin\/[\w-]+$/.test(path) && /^#!.*\bnode\b/.test(readFileSync(join(root, path), 'utf8').slice(0, 100));

const TEST_FILE = /\.(test|spec|e2e-spec|fixtures|mock|stories|bench)\.[cm]?[jt]sx?$/;
/** What every implementation of a port has to pass: `order.repository.contract.ts`. */
const CONFORMANCE = /\w\.contract\.[cm]?ts$/;
const TEST_FOLDER = /(^|\/)(tests?|__tests__|__mocks__|e2e|fixtures|examples?|benchmarks?|mocks)\//;

/** Whether a file is there for tests only. */
export const isTest = (path: string): boolean =>
  TEST_FILE.test(path) || TEST_FOLDER.test(path) || (CONFORMANCE.test(path) && !/(^|\/)contracts\//.test(path));

export interface ReadFiles {
  readonly files: readonly ParsedFile[];
  readonly unreadable: readonly Unreadable[];
}

/** Called as files are read. */
export type OnRead = (read: number, total: number) => void;

export interface Reading {
  readonly onRead?: OnRead | undefined;
  /** Who judges many variants of one system keeps what is the same in them. */
  readonly parse?: typeof parseSource;
}

/** Parses sources; what is no program, or was written by a machine, is told. */
export function readSources(root: string, paths: readonly string[], { onRead, parse }: Reading = {}): ReadFiles {
  const files: ParsedFile[] = [];
  const unreadable: Unreadable[] = [];
  for (const [read, path] of paths.entries()) {
    onRead?.(read, paths.length);
    const reason = tryToRead(root, path, (text) => files.push((parse ?? parseSource)(path, text)));
    if (reason) unreadable.push({ path, reason });
  }
  return { files, unreadable };
}

function tryToRead(root: string, path: string, take: (text: string) => void): string | undefined {
  if (statSync(join(root, path)).size > LARGEST_BYTES) return 'it is larger than 1 MiB';
  const text = readFileSync(join(root, path), 'utf8');
  if (text.length > 5_000 && text.length / text.split('\n').length > LONGEST_LINE) return 'it is minified';
  if (deepest(text) > DEEPEST) return 'it is nested too deep';
  try {
    take(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A parser goes down as deep as the text does, and has only so much room. */
const DEEPEST = 1_000;

function deepest(text: string): number {
  let [depth, most] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x28 || code === 0x5b || code === 0x7b) depth += 1;
    else if ((code === 0x29 || code === 0x5d || code === 0x7d) && depth > 0) depth -= 1;
    if (depth > most) most = depth;
  }
  return most;
}

/** The imports of files of which nothing else is wanted. */
export const readImports = (root: string, paths: readonly string[]): Pick<ParsedFile, 'path' | 'imports'>[] =>
  paths.map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, imports: deepest(text) > DEEPEST ? [] : importsOf(path, text) };
  });
