import { builtinModules } from 'node:module';
import { join, relative, sep } from 'node:path';
import type { Import, ParsedFile } from '@ashlar/doctor/source';
import { ResolverFactory } from 'oxc-resolver';
import { isTest, type Repository, type Violation, type Workspace, workspaceOf } from './repository.ts';

type Target =
  | { readonly kind: 'own'; readonly path: string; readonly workspace: Workspace }
  | { readonly kind: 'node' }
  | { readonly kind: 'library' }
  | { readonly kind: 'missing' };

interface Resolved extends Import {
  readonly file: ParsedFile;
  readonly workspace: Workspace;
  readonly target: Target;
  /** `typebox` of `typebox/compile` */
  readonly dependency: string;
}

const nodeModules = new Set(builtinModules);

/**
 * Every import of a repository that leads nowhere or past its manifest, and every circle of packages. That imports
 * point inwards and stay within their service is judged by the doctor (`architecture.json`).
 */
export function brokenImports(repository: Repository): Violation[] {
  const resolve = resolverOf(repository);
  const imports = repository.files.flatMap((file) => {
    const workspace = workspaceOf(repository, file.path)!;
    return file.imports.map((found): Resolved => {
      const target = resolve(file, found.specifier);
      return { ...found, file, workspace, target, dependency: dependencyOf(found.specifier) };
    });
  });
  const broken = imports.flatMap((found) =>
    RULES.flatMap(({ rule, check }) => {
      const what = check(found);
      return what ? [{ rule, at: `${found.file.path}:${found.line}`, what: `${what} ("${found.specifier}")` }] : [];
    }),
  );
  return [...broken, ...cycles(repository)];
}

const RULES: readonly { readonly rule: string; check(found: Resolved): string | undefined }[] = [
  { rule: 'resolves', check: ({ target }) => (target.kind === 'missing' ? 'leads nowhere' : undefined) },
  { rule: 'contracts', check: isTooMuchForAContract },
  { rule: 'declared', check: isUndeclared },
];

function isTooMuchForAContract({ file, workspace, target, dependency }: Resolved): string | undefined {
  if (workspace.folder !== 'contracts' || isTest(file.path)) return undefined;
  if (target.kind === 'own' && target.workspace === workspace) return undefined;
  return ['@ashlar/messaging', 'typebox'].includes(dependency) ? undefined : `a contract imports ${dependency}`;
}

function isUndeclared({ file, workspace, target, dependency, specifier }: Resolved): string | undefined {
  if (target.kind === 'node' || specifier.startsWith('.') || dependency === workspace.name) return undefined;
  const known =
    workspace.dependencies.has(dependency) || (isTest(file.path) && workspace.devDependencies.has(dependency));
  if (!known) return `${workspace.name} does not declare ${dependency}`;
  const isReferred = target.kind !== 'own' || workspace.references.has(target.workspace.folder);
  return isReferred ? undefined : `the tsconfig of ${workspace.name} does not refer to ${target.workspace.folder}`;
}

/** Packages that depend on each other in a circle. */
function cycles({ workspaces }: Repository): Violation[] {
  const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace]));
  const done = new Set<string>();
  const found: Violation[] = [];
  const visit = (workspace: Workspace, path: readonly string[]): void => {
    const start = path.indexOf(workspace.name);
    if (start >= 0) {
      const circle = [...path.slice(start), workspace.name].join(' → ');
      found.push({ rule: 'acyclic', at: `${workspace.folder}/package.json:1`, what: circle });
      return;
    }
    if (done.has(workspace.name)) return;
    for (const name of workspace.dependencies) {
      const next = byName.get(name);
      if (next) visit(next, [...path, workspace.name]);
    }
    done.add(workspace.name);
  };
  for (const workspace of workspaces) visit(workspace, []);
  return found;
}

function resolverOf(repository: Repository): (file: ParsedFile, specifier: string) => Target {
  const resolver = new ResolverFactory({
    conditionNames: ['types', 'import', 'node', 'default'],
    builtinModules: true,
  });
  return ({ path }, specifier) => {
    if (specifier.startsWith('node:') || nodeModules.has(specifier)) return { kind: 'node' };
    const from = join(repository.root, path, '..');
    const { path: found } = resolver.sync(from, specifier);
    if (!found) return { kind: 'missing' };
    const own = relative(repository.root, found).split(sep).join('/');
    const workspace = own.includes('node_modules/') ? undefined : workspaceOf(repository, own);
    return workspace ? { kind: 'own', path: sourceOf(own), workspace } : { kind: 'library' };
  };
}

/** The source of a compiled file. */
const sourceOf = (path: string): string => path.replace('/dist/', '/src/').replace(/(\.d)?\.[jt]s$/, '.ts');

const dependencyOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
