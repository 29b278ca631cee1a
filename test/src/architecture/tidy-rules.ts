import { type ParsedFile, walk } from '@ashlar/doctor/source';
import type { Class, Function as FunctionNode, Node } from 'oxc-parser';
import { isTest, type Repository, type Violation } from './repository.ts';

const COLUMNS = 120;
const FUNCTION_LINES = 50;
const FILE_LINES = { services: 200, elsewhere: 300 } as const;
const PARAMETERS = { positional: 3, properties: 5 } as const;
const NESTING = 3;
const EMPTY_NAMES = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'shared', 'base', 'manager']);

interface Finding {
  readonly rule: string;
  readonly line: number;
  readonly what: string;
}

type Rule = (file: ParsedFile) => Finding[];

/** Every place that breaks one of the house numbers, or lets time, chance or settings in through the window. */
export function untidy({ files }: Repository): Violation[] {
  return files.flatMap((file) =>
    RULES.flatMap((rule) => rule(file)).map(({ rule, line, what }) => ({ rule, at: `${file.path}:${line}`, what })),
  );
}

const RULES: readonly Rule[] = [
  longLines,
  longFiles,
  longFunctions,
  manyParameters,
  deepNesting,
  defaultExports,
  emptyNames,
  openEnds,
  unpredictable,
];

function longLines({ lines }: ParsedFile): Finding[] {
  return lines.flatMap((text, index) => {
    const columns = [...text].length;
    return columns > COLUMNS ? [{ rule: 'long-line', line: index + 1, what: `${columns} columns` }] : [];
  });
}

function longFiles({ path, lines }: ParsedFile): Finding[] {
  const most = path.startsWith('services/') ? FILE_LINES.services : FILE_LINES.elsewhere;
  const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  return count > most ? [{ rule: 'long-file', line: count, what: `${count} lines` }] : [];
}

type AnyFunction = Extract<Node, { params: unknown; body: unknown }> & FunctionNode;

const isFunction = (node: Node): node is AnyFunction =>
  node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';

function longFunctions({ program, lineAt }: ParsedFile): Finding[] {
  return collect(program, (node) => {
    if (!isFunction(node) || isFunction(node.body as Node)) return undefined;
    const count = lineAt(node.end - 1) - lineAt(node.start) + 1;
    return count > FUNCTION_LINES
      ? { rule: 'long-function', line: lineAt(node.start), what: `${count} lines` }
      : undefined;
  });
}

function manyParameters({ program, lineAt }: ParsedFile): Finding[] {
  return collect(program, (node) => {
    if (!isFunction(node)) return undefined;
    const params = node.params as readonly Node[];
    const hasProperties = params.some(({ type }) => type === 'TSParameterProperty');
    const most = hasProperties ? PARAMETERS.properties : PARAMETERS.positional;
    if (params.length <= most) return undefined;
    return { rule: 'many-parameters', line: lineAt(node.start), what: `${params.length} parameters` };
  });
}

const BLOCKS = new Set<string>([
  'IfStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'SwitchStatement',
  'TryStatement',
]);

function deepNesting({ program, lineAt }: ParsedFile): Finding[] {
  return collect(program, (node, ancestors) => {
    if (!BLOCKS.has(node.type) || isElseIf(node, ancestors.at(-1))) return undefined;
    const around = ancestors.slice(ancestors.findLastIndex(isFunction) + 1);
    const depth =
      1 + around.filter((outer, index) => BLOCKS.has(outer.type) && !isElseIf(outer, around[index - 1])).length;
    return depth > NESTING ? { rule: 'deep-nesting', line: lineAt(node.start), what: `${depth} levels` } : undefined;
  });
}

const isElseIf = (node: Node, parent: Node | undefined): boolean =>
  parent?.type === 'IfStatement' && parent.alternate === node && node.type === 'IfStatement';

function defaultExports({ program, lineAt }: ParsedFile): Finding[] {
  return collect(program, (node) => {
    const isNamedDefault =
      node.type === 'ExportSpecifier' && node.exported.type === 'Identifier' && node.exported.name === 'default';
    if (node.type !== 'ExportDefaultDeclaration' && !isNamedDefault) return undefined;
    return { rule: 'default-export', line: lineAt(node.start), what: 'a default export' };
  });
}

function emptyNames({ path, program, lineAt }: ParsedFile): Finding[] {
  const inPath = emptyWordOf(path.replace(/\.[a-z]+$/, ''));
  const ofFile = inPath ? [{ rule: 'empty-name', line: 1, what: `"${inPath}" in the name of the file` }] : [];
  const declared = collect(program, (node, ancestors) => {
    const name = declaredName(node, ancestors);
    const word = name && emptyWordOf(name);
    return word ? { rule: 'empty-name', line: lineAt(node.start), what: `"${word}" in ${name}` } : undefined;
  });
  return [...ofFile, ...declared];
}

/** The names of types, classes, functions and constants of a module; what is inside of them is their own business. */
function declaredName(node: Node, ancestors: readonly Node[]): string | undefined {
  if (node.type === 'VariableDeclarator') {
    const isTop = ancestors.every(({ type }) => TOP.has(type));
    return isTop && node.id.type === 'Identifier' ? node.id.name : undefined;
  }
  if (!NAMED.has(node.type)) return undefined;
  return (node as Class).id?.name;
}

const TOP = new Set<string>(['Program', 'ExportNamedDeclaration', 'VariableDeclaration']);
const NAMED = new Set<string>([
  'ClassDeclaration',
  'FunctionDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
]);

const emptyWordOf = (name: string): string | undefined =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .find((word) => EMPTY_NAMES.has(word));

function openEnds({ comments, lineAt }: ParsedFile): Finding[] {
  return comments.flatMap(({ value, start }) => {
    const [word] = /\b(TODO|FIXME)\b/.exec(value) ?? [];
    return word ? [{ rule: 'open-end', line: lineAt(start), what: word }] : [];
  });
}

const SEEDED =
  /^(services\/[^/]+\/src\/(?!platform\/)|packages\/(domain|saga|messaging|event-store|projection)\/src\/)/;
/** The doors through which time, chance and ids come in. */
const DOORS = new Set(['clock', 'ids', 'timers'].map((name) => `packages/domain/src/${name}.ts`));
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate']);

function unpredictable({ path, program, imports, lineAt }: ParsedFile): Finding[] {
  if (!SEEDED.test(path) || DOORS.has(path) || isTest(path)) return [];
  const timers = imports.filter(({ specifier }) => /^(node:)?timers(\/|$)/.test(specifier));
  const used = collect(program, (node) => {
    const what = unpredictableWord(node);
    return what ? { rule: 'unpredictable', line: lineAt(node.start), what } : undefined;
  });
  return [...timers.map(({ specifier, line }) => ({ rule: 'unpredictable', line, what: specifier })), ...used];
}

function unpredictableWord(node: Node): string | undefined {
  if (node.type === 'NewExpression' && isNamed(node.callee, 'Date') && node.arguments.length === 0) return 'new Date()';
  if (node.type === 'Identifier' && (node.name === 'randomUUID' || TIMERS.has(node.name))) return node.name;
  if (node.type !== 'MemberExpression' || node.computed) return undefined;
  const word = `${isNamed(node.object) ? node.object.name : '?'}.${isNamed(node.property) ? node.property.name : '?'}`;
  return ['Date.now', 'Math.random', 'process.env', 'performance.now'].includes(word) ? word : undefined;
}

const isNamed = (node: Node, name?: string): node is Extract<Node, { type: 'Identifier'; name: string }> =>
  node.type === 'Identifier' && (name === undefined || node.name === name);

function collect(program: Node, look: (node: Node, ancestors: readonly Node[]) => Finding | undefined): Finding[] {
  const found: Finding[] = [];
  walk(program, (node, ancestors) => {
    const finding = look(node, ancestors);
    if (finding) found.push(finding);
  });
  return found;
}
