import { globSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { type ParsedFile, parseFile } from '@ashlar/doctor/source';

/** One package of the workspace, as its manifest describes it. */
export interface Workspace {
  readonly name: string;
  /** `services/order` */
  readonly folder: string;
  readonly dependencies: ReadonlySet<string>;
  /** What its tests may use besides. */
  readonly devDependencies: ReadonlySet<string>;
  /** Folders that its tsconfig refers to. */
  readonly references: ReadonlySet<string>;
}

/** All sources of a repository, parsed, with the packages that they belong to. */
export interface Repository {
  readonly root: string;
  readonly workspaces: readonly Workspace[];
  readonly files: readonly ParsedFile[];
}

/** A rule that is broken, and where. */
export interface Violation {
  readonly rule: string;
  /** `services/order/src/domain/entities/order.entity.ts:12` */
  readonly at: string;
  readonly what: string;
}

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function readRepository(root: string): Repository {
  const { workspaces = [], devDependencies = {} } = readJson<Manifest>(join(root, 'package.json'));
  const folders = globSync(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  );
  const found = folders.map((manifest) => readWorkspace(root, manifest, Object.keys(devDependencies)));
  const files = found.flatMap(({ folder }) =>
    globSync([`${folder}/{src,example,bin}/**/*.{ts,mjs}`], { cwd: root }).map((path) => parseFile(root, unix(path))),
  );
  return { root, workspaces: found, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

export const workspaceOf = ({ workspaces }: Repository, path: string): Workspace | undefined =>
  workspaces.find(({ folder }) => path.startsWith(`${folder}/`));

/** Whether a file is there for tests only. */
export const isTest = (path: string): boolean =>
  /\.(test|fixtures|contract)\.ts$/.test(path) || path.startsWith('test/');

function readWorkspace(root: string, manifest: string, rootDevDependencies: readonly string[]): Workspace {
  const folder = unix(manifest).replace(/\/package\.json$/, '');
  const { name, dependencies = {}, devDependencies = {} } = readJson<Manifest>(join(root, manifest));
  const { references = [] } = readJson<{ references?: { path: string }[] }>(join(root, folder, 'tsconfig.json'));
  const referred = references.map(({ path }) => unix(resolve('/', folder, path)).slice(1));
  return {
    name,
    folder,
    dependencies: new Set(Object.keys(dependencies)),
    devDependencies: new Set([...Object.keys(devDependencies), ...rootDevDependencies]),
    references: new Set(referred),
  };
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const unix = (path: string): string => path.split(sep).join('/');
