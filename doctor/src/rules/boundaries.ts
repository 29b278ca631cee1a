import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { withSources } from '../facts/unread.ts';
import { isTest } from '../model/files.ts';
import type { Part } from '../model/layout.ts';
import type { ResolvedImport, System } from '../model/system.ts';
import type { Draft, Judgement, Rule } from './rule.ts';
import { NOTHING } from './rule.ts';

/** A service imports from another one its contract only. */
export const boundaries: Rule = {
  id: 'boundaries',
  title: 'Services know each other by contracts only',
  items: ['boundaries'],
  severity: 'error',
  why: 'Who imports the code of another service is built, tested and released together with it.',
  mend: 'Move what both need to know into the contract, and let the rest travel as messages.',
  judge: ({ system }) => (system ? judge(system) : NOTHING),
};

/** What a service publishes of itself may lie in its own folder. */
const CONTRACT_FOLDER = /(^|\/)(contracts?|protos?|public-api|api-types|published)(\/|\.[cm]?[jt]s$)/;

function judge(system: System): Judgement {
  const all = [...system.services, ...system.gateways];
  const { parts, unknown } = withSources(system);
  const imports = system.layout.isGuessed ? system.imports : [...system.imports, ...system.testImports()];
  const isAlone = all.length < 2;
  const crossings = imports.flatMap((one) => crossing(system, one));
  // A package that is imported as well is one fault, and told where it is imported.
  const libraries = system.layout.parts.filter(({ kind }) => kind === 'library');
  const isTold = ({ name }: Part): boolean => crossings.some(({ subject }) => subject === name);
  return {
    findings: [
      ...crossings,
      ...[...all, ...libraries].filter((part) => !isTold(part)).flatMap((part) => depending(system, part, all)),
    ],
    judged: isAlone ? [] : parts.map(({ name }) => name),
    unknown: isAlone
      ? [{ subject: 'the repository', why: 'Only one service was found; there is no boundary.' }]
      : unknown,
  };
}

/** A service, or a library, whose package needs that of another service. */
function depending(system: System, from: Part, all: readonly Part[]): Draft[] {
  const needed = all.filter(
    (to) => to !== from && to.packageName !== undefined && to.folder !== '' && from.dependencies.has(to.packageName),
  );
  return needed.flatMap((to) => {
    const file = `${from.folder}/package.json`;
    const lines = system.paths.includes(file) ? readFileSync(join(system.root, file), 'utf8').split('\n') : [];
    const line = 1 + lines.findIndex((text) => new RegExp(`"${to.packageName}"\\s*:`).test(text));
    const what = `The package of ${from.folder} depends on that of ${to.folder}`;
    return line === 0 ? [] : [{ subject: from.name, what, evidence: [{ file, line, text: lines[line - 1]!.trim() }] }];
  });
}

function crossing(system: System, { file, target, line, specifier }: ResolvedImport): Draft[] {
  const path = pathOf(file.path, specifier, target);
  if (path === undefined) return [];
  const [from, to] = [system.partOf(file.path), system.partOf(path)];
  if (!from || !to || from === to || !isForbidden(system, { from, to, path, isTestFile: isTest(file.path) })) return [];
  const what =
    to.kind === 'outside'
      ? `${from.folder || from.name} imports ${to.folder}, which is there for tests and tools only`
      : `${from.folder || from.name} imports the inside of ${to.folder || to.name}`;
  return [{ subject: from.name, what, evidence: [{ file: file.path, line, text: `import "${specifier}"` }] }];
}

/** Where an import leads, also to what is only there once it is built. */
function pathOf(from: string, specifier: string, target: ResolvedImport['target']): string | undefined {
  if (target.kind === 'own') return target.path;
  if (target.kind !== 'missing' || !specifier.startsWith('.')) return undefined;
  const path = posix.join(posix.dirname(from), specifier);
  return path.startsWith('..') ? undefined : path;
}

interface Crossing {
  readonly from: Part;
  readonly to: Part;
  readonly path: string;
  readonly isTestFile: boolean;
}

/** Where it is declared what a library is, it knows nothing of this system, not even its messages. */
function isForbidden({ layout }: System, { from, to, path, isTestFile }: Crossing): boolean {
  if (from.kind === 'outside') return false;
  // Tests may use tools of tests; what runs may not.
  if (to.kind === 'outside') return !layout.isGuessed && !isTestFile;
  if (to.kind === 'service' || to.kind === 'gateway') {
    return !CONTRACT_FOLDER.test(path.slice(to.folder.length)) && !contains(to, from);
  }
  if (to.kind === 'library') return false;
  return from.kind === 'library' && !layout.isGuessed;
}

/** A repository that is one service contains the folders of its libraries. */
const contains = (outer: Part, inner: Part): boolean =>
  outer.folder === '' || inner.folder.startsWith(`${outer.folder}/`);
