import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Comment, type Node, parseSync, visitorKeys } from 'oxc-parser';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone after the compilation. */
  readonly typeOnly: boolean;
}

/** A source file, its syntax tree, and where its nodes are. */
export interface ParsedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly program: Node;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  lineAt(offset: number): number;
}

export function parseFile(root: string, path: string): ParsedFile {
  const source = readFileSync(join(root, path), 'utf8');
  const { program, module, comments, errors } = parseSync(path, source, { preserveParens: false });
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]!.message}`);
  const starts = [...source.matchAll(/^/gm)].map(({ index }) => index);
  const lineAt = (offset: number): number => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
  const imports = distinct([...staticImports(module, lineAt), ...hiddenImports(program, lineAt)]);
  return { path, lines: source.split('\n'), program, comments, imports, lineAt };
}

/** What is imported and exported again is told twice. */
function distinct(imports: readonly Import[]): Import[] {
  const byPlace = Map.groupBy(imports, ({ specifier, line }) => `${specifier}:${line}`);
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

/** `import('x')` as a value and as a type, and `require('x')`. */
function hiddenImports(program: Node, lineAt: LineAt): Import[] {
  const found: Import[] = [];
  walk(program, (node) => {
    const isRequire =
      node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'require';
    if (node.type !== 'ImportExpression' && node.type !== 'TSImportType' && !isRequire) return;
    const source: Node | undefined = isRequire ? node.arguments[0] : (node as { source: Node }).source;
    if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
    found.push({ specifier: source.value, line: lineAt(node.start), typeOnly: node.type === 'TSImportType' });
  });
  return found;
}

/** Visits a tree from the outside in; `ancestors` are the nodes around, the nearest last. */
export function walk(root: Node, visit: (node: Node, ancestors: readonly Node[]) => void): void {
  const ancestors: Node[] = [];
  const step = (node: Node): void => {
    visit(node, ancestors);
    ancestors.push(node);
    for (const child of childrenOf(node)) step(child);
    ancestors.pop();
  };
  step(root);
}

function childrenOf(node: Node): Node[] {
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  const values = (visitorKeys[node.type] ?? []).flatMap((key) => fields[key]);
  return values.filter((value): value is Node => typeof value === 'object' && value !== null && 'type' in value);
}
