import { basename, join } from 'node:path';
import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { readJson, textsOf } from '../model/manifests.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { pathOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

const TRACES = /trac|otel|telemetry|instrument|apm/i;
interface Manifest {
  readonly scripts?: unknown;
  readonly main?: unknown;
  readonly bin?: unknown;
}

const LOADS_FOLDERS = /\breaddir(Sync)?\(|\bglob(Sync|by)?\(|autoload|require-?dir|import\.meta\.glob/i;

const imported = perSystem(
  ({ imports }: System): ReadonlySet<string> =>
    new Set(imports.flatMap(({ target }) => (target.kind === 'own' ? [target.path] : []))),
);

const RUNS_NODE = /^(CMD|ENTRYPOINT)\s+(\[\s*"?node"|node\s)/im;
const RUNS_ANYTHING = /^(CMD|ENTRYPOINT)\s/im;

/** Which scripts say how it is started: what only developers run counts where there is no other one. */
export function startScripts(scripts: Readonly<Record<string, string>>): readonly string[] {
  const starts = Object.entries(scripts).filter(([name]) => /^(start|serve)(?!.*(dev|debug|watch))/.test(name));
  const isOfItsOwn =
    starts.some(([, text]) => /\bnode\s/.test(text)) && !starts.some(([, text]) => DEVELOPS.test(text));
  return isOfItsOwn
    ? Object.entries(scripts).flatMap(([name, text]) => (DEVELOPS.test(name) ? [] : [text]))
    : Object.values(scripts);
}

const DEVELOPS = /\b(dev|develop|debug|watch|test|bench)\b/;

/** An image or a pod that runs `node index.js` itself passes what the scripts of the package would load before. */
export function startsWithoutScripts(system: System, part: Part): boolean {
  const commands = system.deploymentsOf(part).map(({ command }) => command.trim());
  if (commands.length > 0 && commands.every((command) => /^(\S*\/)?node\s/.test(command))) return true;
  const isOverruled = commands.some((command) => command !== '');
  const images = system.dockerfilesOf(part).filter((text) => RUNS_ANYTHING.test(text));
  return !isOverruled && images.length > 0 && images.every((text) => RUNS_NODE.test(text));
}

/** What starts processes: scripts, images and commands, as one text. */
const startsOf = (system: System, part: Part, { isAll = false } = {}): string =>
  [
    ...system.paths
      .filter((path) => path === 'package.json' || path === `${part.folder}/package.json`)
      .map((path) => {
        const { scripts, main, bin } = readJson<Manifest>(join(system.root, path)) ?? {};
        return JSON.stringify([
          startsWithoutScripts(system, part) ? undefined : isAll ? scripts : startScripts(textsOf(scripts)),
          main,
          bin,
        ]);
      }),
    ...system.dockerfilesOf(part),
    ...system.deploymentsOf(part).map(({ command, environment }) => `${command} ${environment['NODE_OPTIONS'] ?? ''}`),
  ].join('\n');

/** A file for tracing that nothing imports, and that no script, image or command names. */
function isForgotten(system: System, part: Part, file: ParsedFile): boolean {
  if (!TRACES.test(basename(file.path)) || imported(system).has(file.path)) return false;
  return !isNamedIn(startsOf(system, part), file);
}

const LISTENS = /(^|\.)(listen|serve)$/;

function isNamedIn(starts: string, file: ParsedFile): boolean {
  const name = basename(file.path).replace(/\.[cm]?[jt]s$/, '');
  return new RegExp(`\\b${name.replaceAll(/[^\w-]/g, '.')}(\\.|["'\\s]|$)`, 'm').test(starts);
}

const PRELOADS = /(?:--(?:import|require)[= ]|\s-r\s?)\s*([\w@./-]+)/g;

/** What Node is told to load before the program, and what that imports. */
function preloadedFiles(system: System, part: Part): readonly ParsedFile[] {
  const found = new Set<ParsedFile>();
  const load = (from: string, specifier: string): void => {
    const target = system.program.resolve(from, specifier);
    const file = target.kind === 'own' ? system.program.fileAt(target.path) : undefined;
    if (file) found.add(file);
  };
  const starts = startsOf(system, part).replaceAll(/[",]+/g, ' ');
  for (const [, name] of starts.matchAll(PRELOADS)) {
    load(join(part.folder, 'package.json'), name!);
    // An image runs what was built of the whole repository.
    for (const path of [name!, name!.replace(/^(\.?\/)?(dist|build)\//, './')])
      if (path.startsWith('.')) load('package.json', path);
  }
  for (const file of found) {
    for (const { specifier } of system.importsOf(file)) load(file.path, specifier);
  }
  return [...found];
}

/** A file that offers something, and that nobody of its part takes or starts: it never runs. */
export const isNeverTaken = (system: System, part: Part, file: ParsedFile): boolean => {
  const { exports, defaultExport } = system.program.scopesOf(file);
  if ((exports.size === 0 && !defaultExport) || imported(system).has(file.path)) return false;
  // A server that is exported for its tests runs all the same.
  if (callsIn(file).some(({ callee }) => LISTENS.test(pathOf(callee as Node).join('.')))) return false;
  if (isNamedIn(startsOf(system, part, { isAll: true }), file)) return false;
  return !system.filesOf(part).some((one) => LOADS_FOLDERS.test(one.lines.join('\n')));
};

/** The files of a part, of its libraries and of what is loaded before, without what only a forgotten one would load. */
export function loadedFiles(system: System, part: Part): readonly ParsedFile[] {
  const own = system.filesOf(part);
  const forgotten = own.filter((file) => isForgotten(system, part, file));
  const all = [...new Set([...system.closureOf(part), ...preloadedFiles(system, part)])];
  if (forgotten.length === 0 || own.some((file) => LOADS_FOLDERS.test(file.lines.join('\n')))) return all;
  const found = new Set([...own.filter((file) => !forgotten.includes(file)), ...preloadedFiles(system, part)]);
  const inside = new Set(all);
  for (const file of found) {
    for (const { target } of system.importsOf(file)) {
      const next = target.kind === 'own' ? system.program.fileAt(target.path) : undefined;
      if (next && inside.has(next)) found.add(next);
    }
  }
  return [...found];
}
