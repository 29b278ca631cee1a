import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix, relative, sep } from 'node:path';
import { type NapiResolveOptions, ResolverFactory } from 'oxc-resolver';
import type { Part } from './layout.ts';
import { readJson } from './manifests.ts';

/** Where an import leads: to a file of the repository, to Node, to a library, or nowhere. */
export type Target =
  | { readonly kind: 'own'; readonly path: string }
  | { readonly kind: 'node'; readonly module: string }
  | { readonly kind: 'library'; readonly module: string }
  | { readonly kind: 'missing' };

export type Resolve = (from: string, specifier: string) => Target;

const nodeModules = new Set(builtinModules);

/** The package of an import: `typebox` of `typebox/compile`. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** What the `tsconfig.json` of each part extends, also where a part has none: there monorepos name their libraries. */
const BASES = ['tsconfig.base.json', 'tsconfig.common.json'];

/** Resolves imports as a bundler would, also where nothing is installed or built. */
export function createResolver(root: string, files: ReadonlySet<string>, parts: readonly Part[]): Resolve {
  const options: NapiResolveOptions = {
    conditionNames: ['types', 'import', 'require', 'node', 'default'],
    extensions: ['.ts', '.tsx', '.mts', '.js', '.jsx', '.mjs', '.cjs', '.json'],
    extensionAlias: { '.js': ['.ts', '.tsx', '.js'], '.mjs': ['.mts', '.mjs'], '.cjs': ['.cts', '.cjs'] },
    symlinks: true,
  };
  const withPaths = new ResolverFactory({ ...options, tsconfig: 'auto' });
  // A tsconfig that cannot be read must not hide where a plain import leads.
  const plain = new ResolverFactory(options);
  const base = BASES.map((name) => join(root, name)).find((path) => existsSync(path));
  const withBase = base === undefined ? undefined : new ResolverFactory({ ...options, tsconfig: { configFile: base } });
  const known = new Map<string, Target>();
  const prisma = prismaClients(root, files);
  const find = (from: string, specifier: string): Target => {
    if (specifier.startsWith('node:') || nodeModules.has(specifier)) {
      return { kind: 'node', module: specifier.replace(/^node:/, '') };
    }
    const near = posix.normalize(posix.join(posix.dirname(from), specifier));
    const place = specifier.startsWith('.') ? near : `node_modules/${specifier}`;
    if (prisma.some((folder) => place === folder || place.startsWith(`${folder}/`)))
      return { kind: 'library', module: '@prisma/client' };
    const own = ownPackage({ root, files, parts }, specifier);
    if (own !== undefined) return { kind: 'own', path: own };
    const found =
      withPaths.resolveFileSync(join(root, from), specifier).path ??
      withBase?.sync(join(root, from, '..'), specifier).path ??
      plain.sync(join(root, from, '..'), specifier).path;
    const path = found ? sourceOf(relative(root, found).split(sep).join('/'), files) : undefined;
    if (path !== undefined && !path.startsWith('../') && !path.includes('node_modules/')) return { kind: 'own', path };
    if (!found && (specifier.startsWith('.') || specifier.startsWith('/'))) {
      // What is not built yet leads to its source.
      const source = sourceOf(near, files);
      return files.has(source) ? { kind: 'own', path: source } : { kind: 'missing' };
    }
    return { kind: 'library', module: packageOf(specifier) };
  };
  return (from, specifier) => {
    const key = `${specifier.startsWith('.') ? posix.dirname(from) : folderKey(from)}\0${specifier}`;
    const before = known.get(key);
    if (before) return before;
    const target = find(from, specifier);
    known.set(key, target);
    return target;
  };
}

/** Where schemas of Prisma say that its client is made; it is seldom committed. */
const prismaClients = (root: string, files: ReadonlySet<string>): string[] =>
  [...files]
    .filter((path) => path.endsWith('.prisma'))
    .flatMap((path) => {
      const schema = readFileSync(join(root, path), 'utf8');
      const output = /^\s*generator\s[^}]*?^\s*output\s*=\s*"(\.[^"]*)"/m.exec(schema)?.[1];
      return output === undefined ? [] : [posix.normalize(posix.join(posix.dirname(path), output)).replace(/\/$/, '')];
    });

const folderKey = (from: string): string => from.split('/').slice(0, 3).join('/');

/** The source of a compiled file. */
function sourceOf(path: string, files: ReadonlySet<string>): string {
  if (files.has(path)) return path;
  const plain = path.replace(/(^|\/)(dist|build|lib)\//, '$1src/').replace(/(\.d)?\.([cm]?)[jt]s$/, '');
  return ['.ts', '.tsx', '.mts', '.js', '.mjs'].map((end) => plain + end).find((one) => files.has(one)) ?? path;
}

type Exports = string | { readonly [key: string]: Exports | undefined } | null | undefined;

interface Known {
  readonly root: string;
  readonly files: ReadonlySet<string>;
  readonly parts: readonly Part[];
}

/** A package of this repository by its name, also before it is built or installed. */
function ownPackage({ root, files, parts }: Known, specifier: string): string | undefined {
  const part = parts.find(
    ({ packageName }) =>
      packageName !== undefined && (specifier === packageName || specifier.startsWith(`${packageName}/`)),
  );
  if (!part) return undefined;
  const sub = specifier.slice(part.packageName!.length + 1);
  const manifest = readJson<{ exports?: Exports; main?: string; types?: string }>(
    join(root, part.folder, 'package.json'),
  );
  const told = exported(manifest?.exports, sub === '' ? '.' : `./${sub}`);
  const guesses =
    sub === '' ? [manifest?.main, manifest?.types, 'src/index', 'index', 'src/main'] : [sub, `src/${sub}`];
  return [told, ...guesses]
    .filter((guess): guess is string => guess !== undefined && guess !== '')
    .map((guess) => posix.join(part.folder, guess))
    .flatMap((guess) => [sourceOf(guess, files), sourceOf(`${guess}.js`, files), sourceOf(`${guess}/index.js`, files)])
    .find((guess) => files.has(guess) || existsSync(join(root, guess, 'x')));
}

function exported(exports: Exports, key: string): string | undefined {
  if (typeof exports === 'string') return key === '.' ? exports : undefined;
  if (!exports) return undefined;
  if (!Object.keys(exports).some((name) => name.startsWith('.'))) return key === '.' ? condition(exports) : undefined;
  if (key in exports) return condition(exports[key]);
  for (const [pattern, value] of Object.entries(exports)) {
    const [before, after = ''] = pattern.split('*');
    if (!pattern.includes('*') || !key.startsWith(before!) || !key.endsWith(after)) continue;
    const star = key.slice(before!.length, key.length - after.length);
    return condition(value)?.replace('*', star);
  }
  return undefined;
}

function condition(value: Exports): string | undefined {
  if (typeof value === 'string') return value;
  if (!value) return undefined;
  for (const name of ['source', 'types', 'import', 'require', 'node', 'default']) {
    const found = condition(value[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}
