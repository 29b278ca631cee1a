import type { Part } from '../model/layout.ts';
import { perSystem, type System } from '../model/system.ts';
import { nameOf } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** The files of a part, and those of libraries that it takes something of: not all that a barrel offers beside it. */
export function usedFiles(system: System, part: Part): readonly ParsedFile[] {
  const known = usedByPart(system);
  const before = known.get(part);
  if (before) return before;
  const inside = new Set(system.closureOf(part));
  const found = new Set(system.filesOf(part));
  for (const file of found) {
    for (const next of takenBy(system, file)) if (inside.has(next)) found.add(next);
  }
  const all = [...found];
  known.set(part, all);
  return all;
}

const usedByPart = perSystem((): Map<Part, readonly ParsedFile[]> => new Map());

function takenBy(system: System, file: ParsedFile): ParsedFile[] {
  const named = new Map(
    file
      .all('ImportDeclaration')
      .map((node) => [
        file.lineAt(node.start),
        node.specifiers.flatMap((one) =>
          one.type === 'ImportSpecifier' ? [nameOf(one.imported as Parameters<typeof nameOf>[0]) ?? ''] : ['*'],
        ),
      ]),
  );
  return system.importsOf(file).flatMap(({ target, line, typeOnly }) => {
    const next = target.kind === 'own' && !typeOnly ? system.program.fileAt(target.path) : undefined;
    if (!next) return [];
    const names = named.get(line);
    if (!names || names.length === 0 || names.includes('*') || !isBarrel(next)) return [next];
    return names.flatMap((name) => definersOf(system, next, { name }));
  });
}

/** A file that only hands on what others define. */
const isBarrel = ({ program }: ParsedFile): boolean =>
  program.type === 'Program' &&
  program.body.length > 0 &&
  program.body.every(
    (one) =>
      one.type === 'ExportAllDeclaration' ||
      (one.type === 'ExportNamedDeclaration' && one.source !== null) ||
      one.type === 'ImportDeclaration',
  );

interface Wanted {
  readonly name: string;
  readonly depth?: number;
}

function definersOf(system: System, barrel: ParsedFile, { name, depth = 0 }: Wanted): ParsedFile[] {
  if (depth > 6) return [];
  const { exports, handedOn } = system.program.scopesOf(barrel);
  const found = exports.get(name);
  if (found && 'local' in found) return [barrel];
  return (found ? [found.specifier] : handedOn).flatMap((specifier) => {
    const target = system.program.resolve(barrel.path, specifier);
    const next = target.kind === 'own' ? system.program.fileAt(target.path) : undefined;
    if (!next) return [];
    if (isBarrel(next)) return definersOf(system, next, { name: found ? found.name : name, depth: depth + 1 });
    return found || system.program.scopesOf(next).exports.has(name) ? [next] : [];
  });
}
