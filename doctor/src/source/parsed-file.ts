import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Class,
  type Comment,
  type Function as FunctionNode,
  type MethodDefinition,
  type Node,
  parseSync,
  visitorKeys,
} from 'oxc-parser';
import { nameOf } from './ast.ts';
import { groupBy } from './group-by.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone after the compilation. */
  readonly typeOnly: boolean;
}

/** The nodes of a type. */
export type NodeOf<T extends Node['type']> = T extends 'FunctionDeclaration' | 'FunctionExpression'
  ? FunctionNode
  : T extends 'ClassDeclaration' | 'ClassExpression'
    ? Class
    : T extends 'MethodDefinition'
      ? MethodDefinition
      : Extract<Node, { type: T }>;

/** A source file, its syntax tree, and where its nodes are. */
export interface ParsedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly program: Node;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  lineAt(offset: number): number;
  textOf(node: Node): string;
  /** All nodes of a type, in the order of the text. */
  all<T extends Node['type']>(type: T): readonly NodeOf<T>[];
  /** The node around this one. */
  parentOf(node: Node): Node | undefined;
}

/** A file that is no program; `message` is what the parser says. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

export const parseFile = (root: string, path: string): ParsedFile =>
  parseSource(path, readFileSync(join(root, path), 'utf8'));

export function parseSource(path: string, source: string): ParsedFile {
  const { program, module, comments, errors } = parseSync(path, source, { preserveParens: false });
  const fatal = errors.find(({ severity }) => severity === 'Error');
  if (fatal) throw new SourceError(`${path} cannot be parsed: ${fatal.message}`);
  const lineAt = lineFinder(source);
  const tree = new Tree(program);
  const imports = distinct([...staticImports(module, lineAt), ...hiddenImports(tree, lineAt)]);
  return {
    path,
    lines: source.split('\n'),
    program,
    comments,
    imports,
    lineAt,
    textOf: (node) => source.slice(node.start, node.end),
    all: (type) => tree.all(type),
    parentOf: (node) => tree.parentOf(node),
  };
}

function lineFinder(source: string): (offset: number) => number {
  const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Where each node is, and of which type; gathered on one walk. */
class Tree {
  readonly #byType = new Map<string, Node[]>();
  readonly #parents = new Map<Node, Node>();

  constructor(program: Node) {
    walk(program, (node, ancestors) => {
      this.#keep(node.type, node);
      if (node.type === 'TaggedTemplateExpression') this.#keep('CallExpression', asCall(node));
      const parent = ancestors.at(-1);
      if (parent) this.#parents.set(node, parent);
    });
  }

  #keep(type: string, node: Node): void {
    const same = this.#byType.get(type);
    if (same) same.push(node);
    else this.#byType.set(type, [node]);
  }

  all<T extends Node['type']>(type: T): readonly NodeOf<T>[] {
    return (this.#byType.get(type) ?? []) as unknown as readonly NodeOf<T>[];
  }

  parentOf(node: Node): Node | undefined {
    return this.#parents.get(node);
  }
}

/** A tagged template calls its tag: in the lists of calls it has what they look at. */
const asCall = (node: NodeOf<'TaggedTemplateExpression'>): Node =>
  Object.assign(node, { callee: node.tag, arguments: [node.quasi] });

/** What is imported and exported again is told twice. */
function distinct(imports: readonly Import[]): Import[] {
  const byPlace = groupBy(imports, ({ specifier, line }) => `${specifier}:${line}`);
  return [...byPlace.values()].map((same) => ({ ...same[0]!, typeOnly: same.every(({ typeOnly }) => typeOnly) }));
}

type Module = ReturnType<typeof parseSync>['module'];
type LineAt = (offset: number) => number;

function staticImports({ staticImports: imports, staticExports }: Module, lineAt: LineAt): Import[] {
  const imported = imports.map(({ moduleRequest, entries, start }) => ({
    specifier: moduleRequest.value,
    line: lineAt(start),
    typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
  }));
  const handedOn = staticExports.flatMap(({ entries, start }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest ? [{ specifier: moduleRequest.value, line: lineAt(start), typeOnly: isType }] : [],
    ),
  );
  return [...imported, ...handedOn];
}

/** `import('x')` as a value and as a type, `require('x')`, and `import x = require('x')`. */
function hiddenImports(tree: Tree, lineAt: LineAt): Import[] {
  const requires = tree
    .all('CallExpression')
    .filter(({ callee }) => callee.type === 'Identifier' && callee.name === 'require')
    .map((call): { source: Node | undefined; node: Node } => ({ source: call.arguments[0], node: call }));
  const later = tree.all('ImportExpression').map((node) => ({ source: node.source as Node, node }));
  const types = tree.all('TSImportType').map((node) => ({ source: node.source as Node, node }));
  const assigned = tree
    .all('TSExternalModuleReference')
    .map((node) => ({ source: node.expression as Node, node: node as Node }));
  return [...requires, ...later, ...types, ...assigned].flatMap(({ source, node }) => {
    const specifier = source?.type === 'Identifier' ? undefined : nameOf(source);
    if (specifier === undefined) return [];
    return [{ specifier, line: lineAt(node.start), typeOnly: node.type === 'TSImportType' }];
  });
}

/** Visits a tree from the outside in; `ancestors` are the nodes around, the nearest last. */
export function walk(root: Node, visit: (node: Node, ancestors: readonly Node[]) => void): void {
  const ancestors: Node[] = [];
  const step = (node: Node): void => {
    visit(node, ancestors);
    const keys = visitorKeys[node.type];
    if (!keys || keys.length === 0) return;
    ancestors.push(node);
    const fields = node as unknown as Readonly<Record<string, unknown>>;
    for (const key of keys) stepInto(fields[key]);
    ancestors.pop();
  };
  const stepInto = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) for (const entry of value) stepInto(entry);
    else if ('type' in value) step(value as Node);
  };
  step(root);
}

/** The imports of a text only, where nothing else of it is wanted: no tree is made. */
export function importsOf(path: string, source: string): readonly Import[] {
  const { module, errors } = parseSync(path, source);
  if (errors.some(({ severity }) => severity === 'Error')) return [];
  const lineAt = lineFinder(source);
  const later = module.dynamicImports.flatMap(({ moduleRequest, start }) => {
    const specifier = /^['"`](.*)['"`]$/.exec(source.slice(moduleRequest.start, moduleRequest.end))?.[1];
    return specifier === undefined ? [] : [{ specifier, line: lineAt(start), typeOnly: false }];
  });
  return distinct([...staticImports(module, lineAt), ...later]);
}
