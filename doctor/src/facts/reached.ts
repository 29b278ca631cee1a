import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'oxc-parser';
import { isSource, isTest } from '../model/files.ts';
import { perSystem, type System } from '../model/system.ts';
import { type AnyFunction, classAround, contains, decoratorsOf, functionsAround, nameOf } from '../source/ast.ts';
import { groupBy } from '../source/group-by.ts';
import type { NodeOf, ParsedFile } from '../source/parsed-file.ts';

/** What calls a thing to try it does not run it. */
const PROVES = /(^|\/)(bench(marks?)?|tests?|e2e|examples?|templates?)\//;

/** Texts of what is outside of the system, and may start it: commands, tools. */
const outsideTexts = perSystem((system: System): readonly string[] =>
  system.paths
    .filter((path) => isSource(path) && !isTest(path) && !PROVES.test(path))
    .filter((path) => system.partOf(path)?.kind === 'outside')
    .map((path) => readFileSync(join(system.root, path), 'utf8')),
);

interface Place {
  readonly file: ParsedFile;
  readonly node: Node;
  /** How many functions have been followed. */
  readonly depth?: number;
}

/** Whether a place in these files may ever run: something names the function around it, up to the top of a file. */
export function isReached(system: System, files: readonly ParsedFile[], place: Place): boolean {
  const { file, node, depth = 0 } = place;
  const outer = functionsAround(file, node).at(-1);
  const name = outer && declaredName(file, outer);
  // A method, or a function that is handed to another one: who calls it is not known here.
  if (!outer || !name || depth > 5) return true;
  const isAgain = files.some((home) =>
    named(home, name)
      .filter((one) => isUse(home, one) && !(home === file && contains(outer, one)))
      .filter((one) => mayMean(system, { file: home, node: one }, outer))
      .some((one) => isReached(system, files, { file: home, node: one, depth: depth + 1 })),
  );
  const isCalled = new RegExp(`\\b${name}\\(`);
  return isAgain || (isExported(system, file, name) && outsideTexts(system).some((text) => isCalled.test(text)));
}

type Identifier = NodeOf<'Identifier'>;

const identifiers = new WeakMap<ParsedFile, ReadonlyMap<string, readonly Identifier[]>>();

/** Where a file says a name. */
function named(file: ParsedFile, name: string): readonly Identifier[] {
  const known = identifiers.get(file) ?? groupBy(file.all('Identifier'), (one) => one.name);
  identifiers.set(file, known);
  return known.get(name) ?? [];
}

const EXPORT = /^(?:module\.)?exports\.(\w+)$/;

/** The only name by which a function can be called; none where others choose theirs, as for a default export. */
function declaredName(file: ParsedFile, outer: Node): string | undefined {
  if (file.parentOf(outer)?.type === 'ExportDefaultDeclaration') return undefined;
  if (outer.type === 'FunctionDeclaration') return outer.id?.name;
  const holder = file.parentOf(outer);
  if (holder?.type === 'MethodDefinition') return isOwnMethod(file, holder) ? nameOf(holder.key as Node) : undefined;
  if (holder?.type === 'AssignmentExpression') return EXPORT.exec(file.textOf(holder.left as Node))?.[1];
  return holder?.type === 'VariableDeclarator' ? nameOf(holder.id as Node) : undefined;
}

/** A method that nothing but this repository calls: of a class without decorators, bases and ports. */
function isOwnMethod(file: ParsedFile, method: NodeOf<'MethodDefinition'>): boolean {
  const around = classAround(file, method);
  const isPlain = around && !around.superClass && (around.implements ?? []).length === 0;
  // What is private is called by the class itself, under a name that is no identifier.
  if ((method.key as Node).type === 'PrivateIdentifier') return false;
  return method.kind === 'method' && !!isPlain && [around, method].every((one) => decoratorsOf(one).length === 0);
}

const isExported = ({ program }: System, file: ParsedFile, name: string): boolean =>
  program.scopesOf(file).exports.has(name);

/** `const { start } = require('./start')`, and `module.exports = { start }`. */
function isHandedOn(file: ParsedFile, property: Node): boolean {
  const list = file.parentOf(property);
  const holder = list && file.parentOf(list);
  if (list?.type === 'ObjectPattern') return holder?.type === 'VariableDeclarator' && holder.id === list;
  return holder?.type === 'AssignmentExpression' && file.textOf(holder.left as Node) === 'module.exports';
}

/** Not what a library, or another function of this repository, has by the same name: `server.start()`. */
function mayMean({ program }: System, { file, node }: Place, meant: AnyFunction): boolean {
  const parent = file.parentOf(node);
  const isMember = parent?.type === 'MemberExpression' && parent.property === node && !parent.computed;
  const origin = program.originOf(file, isMember ? parent : node);
  if (origin.kind === 'functions') return origin.all.some((one) => one.node === meant);
  const named = isMember ? parent.object : node;
  if ((isMember || !isIn(file, meant)) && isOfOther({ program } as System, file, named)) return false;
  return !(isMember && (origin.kind === 'external' || origin.kind === 'global'));
}

const isIn = (file: ParsedFile, node: AnyFunction): boolean =>
  [...file.all('FunctionDeclaration'), ...file.all('FunctionExpression'), ...file.all('ArrowFunctionExpression')].some(
    (one) => one === node,
  );

/** What this file declares itself, or a field of that, as `metrics.limited`: who puts a function there names it. */
function isOfOther({ program }: System, file: ParsedFile, object: Node): boolean {
  const binding = object.type === 'Identifier' ? program.scopesOf(file).lookUp(object.name, object) : undefined;
  if (binding?.kind !== 'value') return false;
  return !/\b(require|import)\b/.test(binding.init ? file.textOf(binding.init) : '');
}

/** What declares, imports or hands on a name does not use it. */
function isUse(file: ParsedFile, node: Node): boolean {
  const parent = file.parentOf(node);
  if (parent?.type === 'VariableDeclarator' || parent?.type === 'FunctionDeclaration') {
    return (parent.id as Node | null) !== node;
  }
  if (parent?.type === 'MemberExpression' && EXPORT.test(file.textOf(parent))) {
    return file.parentOf(parent)?.type !== 'AssignmentExpression';
  }
  if (parent?.type === 'TSMethodSignature' || parent?.type === 'TSPropertySignature') return false;
  if (parent?.type === 'Property') return !isHandedOn(file, parent) && (parent.key !== node || parent.shorthand);
  if (parent?.type === 'ImportSpecifier' || parent?.type === 'ExportSpecifier') {
    const names = parent.type === 'ImportSpecifier' ? [parent.imported, parent.local] : [parent.local, parent.exported];
    return nameOf(names[0] as Node) !== nameOf(names[1] as Node);
  }
  return !/^(Import|Export)\w*Specifier$/.test(parent?.type ?? '');
}
