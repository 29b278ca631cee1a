import { type Node, type ParsedFile, parseSource } from '@ashlar/doctor/source';

type ObjectLiteral = Extract<Node, { type: 'ObjectExpression' }>;
type List = ObjectLiteral | Extract<Node, { type: 'ArrayExpression' }>;

/** The text with something put in at an offset. */
const put = (text: string, at: number, what: string): string => text.slice(0, at) + what + text.slice(at);

/** Adds an entry to the object that a constant of this name is; nothing where there is no such object. */
export function intoTable(text: string, path: string, { table, entry }: { table: string; entry: string }) {
  const object = objectOf(parsed(path, text), table);
  if (!object) return undefined;
  const last = object.properties.at(-1);
  const closing = object.end - 1;
  const gap = /^[ \t]*$/.exec(text.slice(text.lastIndexOf('\n', closing) + 1, closing))?.[0];
  const indent = gap === undefined ? '' : `${gap}  `;
  const lines = entry.split('\n').map((line) => indent + line);
  const before = gap === undefined ? closing : closing - gap.length;
  const added = put(text, before, `${gap === undefined ? '\n' : ''}${lines.join('\n')},\n`);
  const isOpen =
    last &&
    !text
      .slice(last.end, closing)
      .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      .includes(',');
  return isOpen ? put(added, last.end, ',') : added;
}

/** Adds an import behind the others. */
export function withImport(text: string, path: string, line: string): string | undefined {
  const last = parsed(path, text)?.all('ImportDeclaration').at(-1);
  return last && put(text, last.end, `\n${line}`);
}

function objectOf(file: ParsedFile | undefined, name: string) {
  for (const { id, init } of file?.all('VariableDeclarator') ?? []) {
    if (id.type !== 'Identifier' || id.name !== name || !init) continue;
    const value = withoutTypes(init);
    return value.type === 'ObjectExpression' ? value : undefined;
  }
  return undefined;
}

const withoutTypes = (node: Node): Node =>
  node.type === 'TSSatisfiesExpression' || node.type === 'TSAsExpression' ? withoutTypes(node.expression) : node;

function parsed(path: string, text: string): ParsedFile | undefined {
  try {
    return parseSource(path, text);
  } catch {
    // What cannot be parsed is changed by hand.
    return undefined;
  }
}

/** Adds a property to an object of a JSON file, before the first one that sorts behind it. */
export function intoJsonObject(text: string, path: readonly string[], [key, value]: readonly [string, string]) {
  const object = jsonAt(text, path);
  if (object?.type !== 'ObjectExpression') return undefined;
  const entry = `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  const before = object.properties.findLast((one) => one.type === 'Property' && keyOf(one.key) < key);
  return besides(text, { list: object, before, first: object.properties[0], entry });
}

/** Adds elements to the end of an array of a JSON file. */
export function intoJsonArray(text: string, path: readonly string[], values: readonly unknown[]) {
  const array = jsonAt(text, path);
  if (array?.type !== 'ArrayExpression') return undefined;
  const entry = values.map((value) => JSON.stringify(value, null, 2)).join(',\n');
  const [first, before] = [array.elements[0] ?? undefined, array.elements.at(-1) ?? undefined];
  return besides(text, { list: array, before, first, entry });
}

interface Place {
  readonly list: List;
  readonly before: Node | undefined;
  readonly first: Node | undefined;
  readonly entry: string;
}

/** Behind an entry, or in front of all; on a line of its own, indented as its neighbour. JSON begins at offset 1. */
function besides(text: string, { list, before, first, entry }: Place): string {
  if (!first) return put(text, list.start, entry);
  const start = first.start - 1;
  const lineStart = text.lastIndexOf('\n', start) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineStart))![0];
  const isAlone = lineStart + indent.length === start;
  const separator = isAlone ? `\n${indent}` : ' ';
  const indented = isAlone ? entry.replaceAll('\n', `\n${indent}`) : entry.replaceAll(/\n\s*/g, ' ');
  return before ? put(text, before.end - 1, `,${separator}${indented}`) : put(text, start, `${indented},${separator}`);
}

function jsonAt(text: string, path: readonly string[]): Node | undefined {
  const statement = parsed('file.ts', `(${text})`)?.all('ExpressionStatement')[0];
  let node: Node | undefined = statement?.expression;
  for (const name of path) {
    const object: Node | undefined = node;
    if (object?.type !== 'ObjectExpression') return undefined;
    node = propertyOf(object, name);
  }
  return node;
}

function propertyOf(object: ObjectLiteral, name: string): Node | undefined {
  for (const one of object.properties) if (one.type === 'Property' && keyOf(one.key) === name) return one.value;
  return undefined;
}

const keyOf = (key: Node): string => (key.type === 'Literal' ? String(key.value) : '');
