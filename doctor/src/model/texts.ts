import type { Node } from 'oxc-parser';
import {
  type AnyClass,
  type AnyFunction,
  classAround,
  contains,
  joinedIn,
  nameOf,
  pathOf,
  property,
  separatorOf,
  unwrap,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Program } from './program.ts';
import type { Binding } from './scope.ts';

const DEEPEST = 10;

interface Place {
  readonly program: Program;
  readonly file: ParsedFile;
  /** How many names have been followed. */
  readonly depth: number;
}

/**
 * An expression as a text, as far as it is known before it runs: constants are followed through files, what is open
 * stays as `{its source}`, alternatives are told with `|`.
 */
export const textOf = (program: Program, file: ParsedFile, expression: Node): string =>
  textAt({ program, file, depth: 0 }, expression);

function textAt({ program, file, depth }: Place, expression: Node): string {
  const node = unwrap(expression);
  const open = `{${pathOf(node).join('.')}}`;
  if (depth > DEEPEST) return open;
  const next = (inner: Node): string => textAt({ program, file, depth: depth + 1 }, inner);
  switch (node.type) {
    case 'Literal':
      return String(node.value);
    case 'TemplateLiteral':
      return node.quasis.map(({ value }, at) => value.cooked + optional(node.expressions[at] as Node, next)).join('');
    case 'BinaryExpression':
      return node.operator === '+' ? next(node.left as Node) + next(node.right) : open;
    case 'LogicalExpression':
      return `${next(node.left)}|${next(node.right)}`;
    case 'ConditionalExpression':
      return `${next(node.consequent)}|${next(node.alternate)}`;
    case 'NewExpression':
    case 'CallExpression': {
      const args = (node.arguments as readonly Node[]).slice(0, 2);
      const joined = joinedIn(node);
      if (joined) return joined.elements.flatMap((one) => (one ? [next(one as Node)] : [])).join(separatorOf(node));
      if (nameOf(node.callee as Node) === 'URL') return [...args].reverse().map(next).join('');
      return `{${pathOf(node).join('.')}(${args.filter((arg) => arg.type === 'Literal').map(next)})}`;
    }
    case 'Identifier': {
      const binding = program.scopesOf(file).lookUp(node.name, node);
      return binding ? bindingText(program, { file, binding, depth }, open) : open;
    }
    case 'MemberExpression':
      return memberText(program, { file, node, depth }, open);
    default:
      return open;
  }
}

const optional = (node: Node | undefined, text: (node: Node) => string): string => (node ? text(node) : '');

interface At<T> {
  readonly file: ParsedFile;
  readonly depth: number;
  readonly binding?: T;
}

function bindingText(program: Program, at: At<Binding>, open: string): string {
  const { file, depth } = at;
  const binding = at.binding!;
  if (binding.kind === 'import') {
    const found = exportedValue({ program, file, depth: 0 }, binding);
    return found ? textAt({ program, file: found.file, depth: depth + 1 }, found.node) : open;
  }
  if (binding.kind !== 'value') return open;
  if (binding.declaration === 'parameter') {
    const given = givenAt({ program, file, depth }, binding);
    if (given) return textAt({ program, file: given.file, depth: depth + 1 }, given.node);
    return givenText({ program, file, depth }, binding) ?? open;
  }
  if (!binding.init) return open;
  const value = binding.path.reduce<Node | undefined>((node, name) => memberNode(node, name), binding.init);
  if (value) return textAt({ program, file, depth: depth + 1 }, value);
  return `{${[...pathOf(binding.init), ...binding.path].join('.')}}`;
}

function memberText(
  program: Program,
  { file, node, depth }: { file: ParsedFile; node: Extract<Node, { type: 'MemberExpression' }>; depth: number },
  open: string,
): string {
  const name = nameOf(node.property as Node);
  if (name === undefined || (node.computed && node.property.type !== 'Literal')) return open;
  if (node.object.type === 'ThisExpression') {
    const value = fieldValue(file, node, name);
    return value ? textAt({ program, file, depth: depth + 1 }, value) : open;
  }
  const found = valueAt({ program, file, depth: 0 }, node);
  if (found && found.node !== node) return textAt({ program, file: found.file, depth: depth + 1 }, found.node);
  return open;
}

interface Found {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** The expression that a name or a member stands for, through constants, imports, enums and object literals. */
export const valueNode = (program: Program, file: ParsedFile, expression: Node): Found | undefined =>
  valueAt({ program, file, depth: 0 }, expression);

function valueAt({ program, file, depth }: Place, expression: Node): Found | undefined {
  const node = unwrap(expression);
  if (depth > DEEPEST) return undefined;
  if (node.type === 'Identifier') {
    const binding = program.scopesOf(file).lookUp(node.name, node);
    if (binding?.kind === 'import') return exportedValue({ program, file, depth: depth + 1 }, binding);
    if (binding?.kind === 'enum' || binding?.kind === 'class') return { file, node: binding.node };
    if (binding?.kind === 'value' && binding.declaration === 'parameter')
      return givenAt({ program, file, depth }, binding);
    if (binding?.kind !== 'value' || !binding.init) return undefined;
    const start = valueAt({ program, file, depth: depth + 1 }, binding.init);
    return binding.path.reduce<Found | undefined>((found, name) => member({ program, depth }, found, name), start);
  }
  if (node.type === 'MemberExpression') {
    const name = nameOf(node.property as Node);
    if (name === undefined || (node.computed && node.property.type !== 'Literal')) return undefined;
    if (node.object.type === 'ThisExpression') {
      const value = fieldValue(file, node, name);
      return value && valueAt({ program, file, depth: depth + 1 }, value);
    }
    return member({ program, depth }, valueAt({ program, file, depth: depth + 1 }, node.object), name);
  }
  return { file, node };
}

/** The text of what a parameter is given that is only known when it runs: a setting. */
function givenText(
  { program, file, depth }: Place,
  parameter: Extract<Binding, { kind: 'value' }>,
): string | undefined {
  const [only, other] = program.givenTo(file, parameter);
  if (!only || other || only.path.length > 0) return undefined;
  return textAt({ program, file: only.file, depth: depth + 1 }, only.node);
}

/** What a parameter is given, where only one place calls its function. */
function givenAt({ program, file, depth }: Place, parameter: Extract<Binding, { kind: 'value' }>): Found | undefined {
  const [only, other] = program.givenTo(file, parameter);
  if (!only || other) return undefined;
  const start = valueAt({ program, file: only.file, depth: depth + 1 }, only.node);
  return only.path.reduce<Found | undefined>((found, name) => member({ program, depth }, found, name), start);
}

function member({ program, depth }: Omit<Place, 'file'>, found: Found | undefined, name: string): Found | undefined {
  if (!found) return undefined;
  const { file, node } = found;
  if (node.type === 'TSEnumDeclaration') {
    const entry = node.body.members.find(({ id }) => nameOf(id as Node) === name);
    return entry?.initializer ? { file, node: entry.initializer as Node } : undefined;
  }
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') {
    const value = constantOf(node, name);
    return value && valueAt({ program, file, depth: depth + 1 }, value);
  }
  if (node.type === 'Program') return exportedFrom({ program, file, depth: depth + 1 }, name);
  if (node.type === 'CallExpression') return madeMember(program, { file, node, depth }, name);
  const value = memberNode(node, name);
  return value ? valueAt({ program, file, depth: depth + 1 }, value) : undefined;
}

/** `static readonly CREATED = 'order.created'` */
const constantOf = (node: AnyClass, name: string): Node | undefined =>
  (node.body.body as readonly Node[]).flatMap((one) =>
    one.type === 'PropertyDefinition' && one.static && nameOf(one.key as Node) === name && one.value ? [one.value] : [],
  )[0];

/** `type` of `event('order.created')`, where `event = (type) => ({ type })`. */
function madeMember(
  program: Program,
  { file, node, depth }: { file: ParsedFile; node: Extract<Node, { type: 'CallExpression' }>; depth: number },
  name: string,
): Found | undefined {
  const value = memberNode(node, name);
  if (value) return valueAt({ program, file, depth: depth + 1 }, value);
  const made = program.originOf(file, node.callee as Node);
  if (made.kind !== 'functions') return undefined;
  const [{ file: home, node: maker }] = made.all as [{ file: ParsedFile; node: AnyFunction }];
  const answer = program.originOf(file, node);
  const field = answer.kind === 'object' && contains(maker, answer.node) ? property(answer.node, name) : undefined;
  if (!field) return undefined;
  const index = (maker.params as readonly Node[]).findIndex((parameter) => nameOf(parameter) === nameOf(field));
  const given = field.type === 'Identifier' && index >= 0 ? (node.arguments[index] as Node | undefined) : undefined;
  return given
    ? valueAt({ program, file, depth: depth + 1 }, given)
    : valueAt({ program, file: home, depth: depth + 1 }, field);
}

function memberNode(node: Node | undefined, name: string): Node | undefined {
  const inner = node && unwrap(node);
  if (inner?.type === 'ArrayExpression') return (inner.elements[Number(name)] ?? undefined) as Node | undefined;
  if (inner?.type === 'CallExpression' && /freeze|defineConfig/.test(pathOf(inner.callee).at(-1)!)) {
    return memberNode(inner.arguments[0] as Node | undefined, name);
  }
  return property(inner, name);
}

function exportedValue(
  { program, file, depth }: Place,
  { specifier, name }: { specifier: string; name: string },
): Found | undefined {
  const target = program.resolve(file.path, specifier);
  const home = target.kind === 'own' ? program.fileAt(target.path) : undefined;
  if (!home || depth > DEEPEST) return undefined;
  const scopes = program.scopesOf(home);
  if (name === '*' || (name === 'default' && !scopes.defaultExport)) {
    return scopes.defaultExport?.type === 'ObjectExpression'
      ? { file: home, node: scopes.defaultExport }
      : { file: home, node: home.program };
  }
  return exportedFrom({ program, file: home, depth: depth + 1 }, name);
}

function exportedFrom({ program, file: home, depth }: Place, name: string): Found | undefined {
  if (depth > DEEPEST) return undefined;
  const scopes = program.scopesOf(home);
  const found = scopes.exports.get(name);
  if (found && 'specifier' in found) return exportedValue({ program, file: home, depth: depth + 1 }, found);
  const binding = found && scopes.top(found.local);
  if (binding?.kind === 'value' && binding.init && binding.path.length === 0) {
    return valueAt({ program, file: home, depth: depth + 1 }, binding.init);
  }
  if (binding?.kind === 'enum' || binding?.kind === 'class') return { file: home, node: binding.node };
  if (name === 'default' && scopes.defaultExport)
    return valueAt({ program, file: home, depth: depth + 1 }, scopes.defaultExport);
  for (const specifier of scopes.handedOn) {
    const next = exportedValue({ program, file: home, depth: depth + 1 }, { specifier, name });
    if (next) return next;
  }
  return undefined;
}

/** What a field of the class around is set to: where it is declared, or in the constructor. */
function fieldValue(file: ParsedFile, at: Node, name: string): Node | undefined {
  const around = classAround(file, at);
  if (!around) return undefined;
  for (const entry of around.body.body as readonly Node[]) {
    if (entry.type === 'PropertyDefinition' && nameOf(entry.key as Node) === name && entry.value) return entry.value;
  }
  const assigned = file
    .all('AssignmentExpression')
    .find(({ left }) => contains(around, left as Node) && file.textOf(left as Node) === `this.${name}`);
  return assigned?.right;
}

export type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };

/** An expression as plain data; what is not known before it runs is undefined. */
export const dataOf = (program: Program, file: ParsedFile, expression: Node): Value =>
  dataAt({ program, file, depth: 0 }, expression);

function dataAt({ program, file, depth }: Place, expression: Node): Value {
  const found = depth > DEEPEST ? undefined : valueAt({ program, file, depth: 0 }, expression);
  if (!found) return undefined;
  const { node, file: home } = found;
  const next = (inner: Node): Value => dataAt({ program, file: home, depth: depth + 1 }, inner);
  if (node.type === 'Literal') return typeof node.value === 'object' ? null : (node.value as Value);
  if (node.type === 'TemplateLiteral') return textAt({ program, file: home, depth: 0 }, node);
  if (node.type === 'UnaryExpression' && node.operator === '-') return -Number(next(node.argument));
  if (node.type === 'ArrayExpression') {
    return node.elements.flatMap((element) => {
      if (!element) return [];
      if (element.type !== 'SpreadElement') return [next(element as Node)];
      const spread = next(element.argument);
      return Array.isArray(spread) ? spread : [];
    });
  }
  if (node.type !== 'ObjectExpression') return undefined;
  const entries: Record<string, Value> = {};
  for (const entry of node.properties) {
    if (entry.type === 'SpreadElement') Object.assign(entries, next(entry.argument));
    else {
      const name = entry.computed
        ? textAt({ program, file: home, depth: 0 }, entry.key as Node)
        : nameOf(entry.key as Node);
      if (name !== undefined) entries[name] = next(entry.value as Node);
    }
  }
  return entries;
}
