import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { type Value, valueNode } from '../model/texts.ts';
import { returnedBy } from '../model/value-nodes.ts';
import { nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { FORMATS, type Limits, limitsOfCall, limitsOfOptions, tighter } from './limits.ts';

/** What a schema allows, as far as two versions of it must be compared. */
export type Shape =
  | { readonly kind: 'object'; readonly properties: Readonly<Record<string, Property>> }
  | { readonly kind: 'list'; readonly of: Shape; readonly limits?: Limits }
  | { readonly kind: 'choice'; readonly of: readonly Shape[] }
  | { readonly kind: 'value'; readonly type: string; readonly limits?: Limits }
  | { readonly kind: 'open' };

export interface Property {
  readonly shape: Shape;
  readonly optional: boolean;
}

const OPEN: Shape = { kind: 'open' };

/** A schema in the text: TypeBox, zod, JSON Schema, or a type. */
export const shapeOf = (system: System, file: ParsedFile, node: Node): Shape =>
  shapeAt(system, { file, node, depth: 0 });

/** What the parameters of a function stand for that makes schemas: `envelope('order.placed', z.object(…))`. */
type Given = ReadonlyMap<string, At & { node: Node }>;

function shapeAt(system: System, { file, node: asked, depth, given }: At & { node: Node }): Shape {
  if (depth > 12) return OPEN;
  const handed = asked.type === 'Identifier' ? given?.get(asked.name) : undefined;
  if (handed) return shapeAt(system, { ...handed, depth: depth + 1 });
  const found = valueNode(system.program, file, asked);
  if (!found) return OPEN;
  const node = unwrap(found.node);
  if (node.type === 'ObjectExpression') return jsonSchema(system, { file: found.file, node, depth, given });
  if (node.type !== 'CallExpression') return OPEN;
  const made = madeBy(system, { file: found.file, call: node, depth, given });
  return made ? shapeAt(system, made) : shapeOfCall(system, { file: found.file, call: node, depth, given });
}

function shapeOfCall(system: System, { file, call: node, depth, given }: Making): Shape {
  const name = pathOf(node.callee).at(-1)!;
  const args = node.arguments as readonly Node[];
  const next = (inner: Node): Shape => shapeAt(system, { file, node: inner, depth: depth + 1, given });
  // `z.string().optional()`: what the value is stands before.
  if (node.callee.type === 'MemberExpression' && unwrap(node.callee.object).type === 'CallExpression') {
    const inner = next(node.callee.object);
    return name === 'array' ? { kind: 'list', of: inner } : bound(inner, limitsOfCall(name, args[0]));
  }
  switch (name.toLowerCase()) {
    case 'object':
    case 'strictobject':
    case 'interface':
      return { kind: 'object', properties: propertiesOf(system, { file, node: args[0], depth, given }) };
    case 'array':
      return bound({ kind: 'list', of: args[0] ? next(args[0]) : OPEN }, limitsOfOptions(args[1]));
    case 'optional':
    case 'readonly':
    case 'nullable':
      return args[0] ? next(args[0]) : OPEN;
    case 'union':
    case 'enum': {
      const list = args[0] && unwrap(args[0]);
      const alternative = (one: Node): Shape => (one.type === 'Literal' ? literal(one) : next(one));
      return list?.type === 'ArrayExpression'
        ? { kind: 'choice', of: (list.elements as Node[]).map(alternative) }
        : OPEN;
    }
    case 'pick':
    case 'omit':
    case 'partial':
      return partOf(args[0] ? next(args[0]) : OPEN, name.toLowerCase(), namesIn(args[1]));
    case 'composite':
    case 'intersect':
      return together(args[0]?.type === 'ArrayExpression' ? (args[0].elements as Node[]).map(next) : []);
    case 'refine':
      return args[0] ? next(args[0]) : OPEN;
    case 'unsafe':
    case 'ref':
    case 'transform':
      return OPEN;
    case 'literal':
      return literal(args[0]?.type === 'Identifier' ? (given?.get(args[0].name)?.node ?? args[0]) : args[0]);
    default:
      return bound({ kind: 'value', type: name.toLowerCase() }, limitsOfOptions(args[0]));
  }
}

/** A value, or a list, within these limits besides its own; where none are told at all, they are not known. */
export const bound = (shape: Shape, limits: Limits): Shape =>
  shape.kind === 'value' || shape.kind === 'list' ? { ...shape, limits: { ...shape.limits, ...limits } } : shape;

const namesIn = (node: Node | undefined): readonly string[] =>
  node?.type === 'ArrayExpression' ? (node.elements as Node[]).flatMap((one) => nameOf(one) ?? []) : [];

/** What `Type.Pick`, `Type.Omit` and `Type.Partial` make of an object. */
function partOf(whole: Shape, how: string, names: readonly string[]): Shape {
  if (whole.kind !== 'object' || (how !== 'partial' && names.length === 0)) return OPEN;
  const kept = Object.entries(whole.properties).filter(
    ([name]) => how === 'partial' || names.includes(name) === (how === 'pick'),
  );
  const all = kept.map(([name, one]) => [name, how === 'partial' ? { ...one, optional: true } : one] as const);
  return { kind: 'object', properties: Object.fromEntries(all) };
}

/** What is all of these at once. */
const together = (all: readonly Shape[]): Shape =>
  all.length > 0 && all.every((one) => one.kind === 'object')
    ? { kind: 'object', properties: Object.assign({}, ...all.map(({ properties }) => properties)) }
    : OPEN;

const literal = (node: Node | undefined): Shape => ({
  kind: 'value',
  type: JSON.stringify(node?.type === 'Literal' ? (node.value as Value) : null),
});

interface Making extends Omit<At, 'node'> {
  readonly call: Extract<Node, { type: 'CallExpression' }>;
}

/** What a function of the contracts makes of what it is given. */
function madeBy({ program }: System, { file, call, depth, given }: Making): (At & { node: Node }) | undefined {
  const origin = call.callee.type === 'Identifier' ? program.originOf(file, call.callee) : undefined;
  const [maker, ...others] = origin?.kind === 'functions' ? origin.all : [];
  const [returned, ...more] = maker ? returnedBy(maker.file, maker.node) : [];
  if (!maker || others.length > 0 || !returned || more.length > 0) return undefined;
  const handed = (maker.node.params as readonly Node[]).flatMap((parameter, at) => {
    const [name, node] = [nameOf(parameter), (call.arguments as readonly Node[])[at]];
    const known = node?.type === 'Identifier' ? given?.get(node.name) : undefined;
    return name !== undefined && node ? [[name, known ?? { file, node, depth, given }] as const] : [];
  });
  return { file: maker.file, node: returned, depth: depth + 1, given: new Map(handed) };
}

interface At {
  readonly file: ParsedFile;
  readonly node: Node | undefined;
  readonly depth: number;
  readonly given?: Given | undefined;
}

function propertiesOf(system: System, { file, node, depth, given }: At): Readonly<Record<string, Property>> {
  // `...Product.properties`: those of another schema.
  if (node?.type === 'MemberExpression' && pathOf(node).at(-1) === 'properties') {
    const other = shapeAt(system, { file, node: node.object, depth: depth + 1 });
    return other.kind === 'object' ? other.properties : {};
  }
  const found = node && valueNode(system.program, file, node);
  if (found?.node.type !== 'ObjectExpression') return {};
  const properties: Record<string, Property> = {};
  for (const entry of found.node.properties) {
    if (entry.type === 'SpreadElement') {
      Object.assign(
        properties,
        propertiesOf(system, { file: found.file, node: entry.argument, depth: depth + 1, given }),
      );
      continue;
    }
    const name = nameOf(entry.key as Node);
    if (name === undefined) continue;
    const value = entry.value as Node;
    const shape = shapeAt(system, { file: found.file, node: value, depth: depth + 1, given });
    properties[name] = { shape, optional: isOptional(system, found.file, value) };
  }
  return properties;
}

function isOptional({ program }: System, file: ParsedFile, node: Node): boolean {
  const found = valueNode(program, file, node);
  return (
    found?.node.type === 'CallExpression' &&
    /(^|\.)(Optional|optional|nullish|default)$/.test(pathOf(found.node.callee).join('.'))
  );
}

function jsonSchema(system: System, { file, node, depth, given }: At & { node: Node }): Shape {
  const properties = propertiesOf(system, { file, node: field(node, 'properties'), depth, given });
  const required = field(node, 'required');
  const names = required?.type === 'ArrayExpression' ? (required.elements as Node[]).map(nameOf) : [];
  const type = nameOf(field(node, 'type'));
  if (type === 'object') {
    const entries = Object.entries(properties).map(([name, { shape }]) => [
      name,
      { shape, optional: !names.includes(name) },
    ]);
    return { kind: 'object', properties: Object.fromEntries(entries) as Record<string, Property> };
  }
  return type === undefined ? OPEN : bound({ kind: 'value', type }, limitsOfOptions(node));
}

function field(node: Node, name: string): Node | undefined {
  if (node.type !== 'ObjectExpression') return undefined;
  for (const entry of node.properties) {
    if (entry.type === 'Property' && nameOf(entry.key as Node) === name) return entry.value as Node;
  }
  return undefined;
}

/** An interface or a type of a contract: `export interface OrderCreated { orderId: string }`. */
export function shapeOfType(file: ParsedFile, type: Node, depth = 0): Shape {
  if (depth > 12) return OPEN;
  const next = (inner: Node): Shape => shapeOfType(file, inner, depth + 1);
  const members =
    type.type === 'TSInterfaceDeclaration' ? type.body.body : type.type === 'TSTypeLiteral' ? type.members : undefined;
  if (members) {
    const entries = (members as readonly Node[]).flatMap((member) => {
      if (member.type !== 'TSPropertySignature') return [];
      const annotation = member.typeAnnotation?.typeAnnotation as Node | undefined;
      const name = nameOf(member.key as Node);
      return name === undefined || !annotation
        ? []
        : [[name, { shape: next(annotation), optional: member.optional }] as const];
    });
    return { kind: 'object', properties: Object.fromEntries(entries) };
  }
  if (type.type === 'TSArrayType') return { kind: 'list', of: next(type.elementType) };
  if (type.type === 'TSUnionType') return { kind: 'choice', of: type.types.map((one) => next(one as Node)) };
  if (type.type === 'TSTypeReference') {
    const name = nameOf(type.typeName as Node) ?? '';
    const own = [...file.all('TSInterfaceDeclaration'), ...file.all('TSTypeAliasDeclaration')].find(
      ({ id }) => id.name === name,
    );
    if (!own) return { kind: 'value', type: name };
    return next(own.type === 'TSTypeAliasDeclaration' ? (own.typeAnnotation as Node) : own);
  }
  return { kind: 'value', type: file.textOf(type) };
}

/** In words, what a reader or a writer of the old schema no longer gets along with; nothing if all is well. */
export function breaks(older: Shape, newer: Shape, at = ''): string[] {
  const [before, after] = [plainly(older), plainly(newer)];
  if (before.kind === 'open' || after.kind === 'open') return [];
  if (before.kind === 'choice' || after.kind === 'choice') return narrowed(before, after, at);
  if (before.kind !== after.kind) return [`${at || 'it'} was ${nameShape(before)}, and is ${nameShape(after)}`];
  if (before.kind === 'value') {
    const now = (after as typeof before).type;
    return now === before.type ? bounds(before, after, at) : [`${at || 'it'} was ${before.type}, and is ${now}`];
  }
  if (before.kind === 'list')
    return [...bounds(before, after, at), ...breaks(before.of, (after as typeof before).of, `${at}[]`)];
  const then = before.properties;
  const now = (after as typeof before).properties;
  const gone = Object.keys(then).filter((name) => !(name in now));
  const added = Object.keys(now).filter((name) => !(name in then) && !now[name]!.optional);
  const both = Object.keys(then).filter((name) => name in now);
  const path = (name: string): string => (at === '' ? name : `${at}.${name}`);
  return [
    ...gone.map((name) => `${path(name)} is gone`),
    ...added.map((name) => `${path(name)} is new, and required`),
    ...both.flatMap((name) => [
      ...(then[name]!.optional === now[name]!.optional
        ? []
        : [
            `${path(name)} ${now[name]!.optional ? 'was required' : 'was optional'}, ` +
              `and is ${now[name]!.optional ? 'optional' : 'required'}`,
          ]),
      ...breaks(then[name]!.shape, now[name]!.shape, path(name)),
    ]),
  ];
}

/** `z.email()` is `z.string().email()`. */
const plainly = (shape: Shape): Shape =>
  shape.kind === 'value' && shape.type !== 'date' && FORMATS.test(shape.type)
    ? { kind: 'value', type: 'string', limits: { ...shape.limits, format: shape.type } }
    : shape;

const bounds = (before: Shape, after: Shape, at: string): string[] =>
  tighter(limitsOf(before), limitsOf(after)).map((what) => `${at || 'it'} is bound more tightly: ${what}`);

const limitsOf = (shape: Shape): Limits => ('limits' in shape && shape.limits) || { isOpen: true };

const nameShape = (shape: Shape): string => (shape.kind === 'value' ? shape.type : shape.kind);

const leaveOutLimits = (key: string, value: unknown): unknown => (key === 'limits' ? undefined : value);

/** A choice that has lost one of its alternatives refuses what was written before. */
function narrowed(before: Shape, after: Shape, at: string): string[] {
  const all = (shape: Shape): Set<string> =>
    new Set((shape.kind === 'choice' ? shape.of : [shape]).map((one) => JSON.stringify(one, leaveOutLimits)));
  const [then, now] = [all(before), all(after)];
  if ([...then, ...now].includes(JSON.stringify(OPEN))) return [];
  const gone = [...then].filter((one) => !now.has(one));
  return gone.length === 0
    ? []
    : [`${at || 'it'} no longer allows ${gone.map((one) => nameShape(JSON.parse(one) as Shape)).join(', ')}`];
}
