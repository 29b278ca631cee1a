import { basename, join } from 'node:path';
import { type Part, readJson } from '../model/layout.ts';
import { perSystem, type System } from '../model/system.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

const ENTRY = /^((src|bin|lib)\/)?(main|index|server|app|bootstrap|composition-root|start|www)\.[cm]?[jt]s$/;
interface Manifest {
  readonly scripts?: unknown;
  readonly main?: unknown;
  readonly bin?: unknown;
}

const SERVES = /\.listen\(|NestFactory|\bserve\(/;
const LOADS_FOLDERS = /\breaddir(Sync)?\(|\bglob(Sync|by)?\(|autoload|require-?dir|import\.meta\.glob/i;

const imported = perSystem(
  ({ imports }: System): ReadonlySet<string> =>
    new Set(imports.flatMap(({ target }) => (target.kind === 'own' ? [target.path] : []))),
);

/** What starts processes: scripts, images and commands, as one text. */
const startsOf = (system: System, part: Part): string =>
  [
    ...system.paths
      .filter((path) => path === 'package.json' || path === `${part.folder}/package.json`)
      .map((path) => {
        const { scripts, main, bin } = readJson<Manifest>(join(system.root, path)) ?? {};
        return JSON.stringify([scripts, main, bin]);
      }),
    ...system.dockerfilesOf(part),
    ...system.deploymentsOf(part).map(({ command, environment }) => `${command} ${environment['NODE_OPTIONS'] ?? ''}`),
  ].join('\n');

const isRoot = (system: System, part: Part, file: ParsedFile): boolean => {
  if (ENTRY.test(part.folder === '' ? file.path : file.path.slice(part.folder.length + 1))) return true;
  if (!imported(system).has(file.path) && SERVES.test(file.lines.join('\n'))) return true;
  const name = basename(file.path).replace(/\.[cm]?[jt]s$/, '');
  return new RegExp(`\\b${name.replaceAll(/[^\w-]/g, '.')}(\\.|["'\\s]|$)`, 'm').test(startsOf(system, part));
};

/** The files of a part, and of its libraries, that run at all: what begins a process, and what that imports. */
export function loadedFiles(system: System, part: Part): readonly ParsedFile[] {
  const all = system.closureOf(part);
  const own = system.filesOf(part);
  const roots = own.filter((file) => isRoot(system, part, file));
  if (roots.length === 0 || own.some((file) => LOADS_FOLDERS.test(file.lines.join('\n')))) return all;
  const found = new Set(roots);
  const inside = new Set(all);
  for (const file of found) {
    for (const { target } of system.importsOf(file)) {
      const next = target.kind === 'own' ? system.program.fileAt(target.path) : undefined;
      if (next && inside.has(next)) found.add(next);
    }
  }
  return [...found];
}
