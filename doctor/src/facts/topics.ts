import type { Node } from 'oxc-parser';
import { listOfEach, onlyOf, tableOf } from '../model/lists.ts';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import type { Binding } from '../model/scope.ts';
import type { System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import {
  type AnyCall,
  type AnyFunction,
  contains,
  functionsAround,
  iteratedIn,
  nameOf,
  pathOf,
  property,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type ClassAt, calledClass, fieldOf, ownField } from './inherited.ts';
import { registrationsIn, registryOf } from './registries.ts';

export interface Lifting extends CallSite {
  readonly topic: Node | undefined;
  /** Whether the topics are the keys of what stands there. */
  readonly isTable?: boolean;
  readonly depth?: number;
}

/** Where a message is meant, its topic, and the class whose base class sends or hears it. */
export interface Lifted extends CallSite {
  readonly text: string | undefined;
  readonly owner?: ClassAt | undefined;
  /** Whether it is kept by a kit, which hears it once somebody starts that. */
  readonly isRegistered?: boolean;
  /** What a table says that is done with the message, and what is around that. */
  readonly handler?: FunctionAt | undefined;
  readonly wrapper?: FunctionAt | undefined;
}

/** A wrapper is told by who calls it: there the topic is known, and there is the service that means it. */
export function lifted(system: System, given: Lifting): Lifted[] {
  const registered = given.topic && registeredIn(system, given.file, given.topic);
  if (registered) return registered;
  const { file, call, depth = 0 } = given;
  const table = given.topic && !given.isTable ? keyedBy(system, file, given.topic) : undefined;
  const [topic, isTable] = table ? [table, true] : [given.topic, given.isTable ?? false];
  const inherited = topic && depth <= 4 ? heldByClass(system, { file, call, topic, depth }) : [];
  if (inherited.length > 0) return inherited;
  const kind = system.partOf(file.path)?.kind;
  const isService = kind === 'service' || kind === 'gateway';
  const parameter = topic && parameterAt(system, file, topic);
  if (depth > 4 || (!parameter && isService)) {
    if (topic && isTable) return isService ? rowsOf(system, file, topic).map((row) => ({ file, call, ...row })) : [];
    const all = topic ? texts(system, file, topic) : [undefined];
    return isService ? all.map((text) => ({ file, call, text })) : [];
  }
  // Who makes a kit does not do yet what its functions do.
  const callers = (parameter ? [parameter.function] : functionsAround(file, call))
    .map((one) => system.program.callersOf(one))
    .find((all) => all.length > 0);
  if (!callers) return isService ? [{ file, call, text: undefined }] : [];
  const above = callers.flatMap((caller) => {
    const given = parameter ? argumentAt(caller.call, parameter) : topic;
    if (parameter || !topic) return lifted(system, { ...caller, topic: given, isTable, depth: depth + 1 });
    const [text] = texts(system, file, topic);
    return lifted(system, { ...caller, topic: undefined, depth: depth + 1 }).map((one) => ({ ...one, text }));
  });
  if (above.length === 0 && isService) return [{ file, call, text: undefined }];
  return parameter ? doneIn(system, { ...given, depth }, { parameter, above }) : above;
}

/** A topic that a kit was made with: who calls its functions sends or hears it, and not who makes the kit. */
function doneIn(system: System, given: Lifting, made: { parameter: Parameter; above: Lifted[] }): Lifted[] {
  const arounds = functionsAround(given.file, given.call);
  const inner = arounds.slice(0, arounds.indexOf(made.parameter.function));
  if (!inner.some((one) => system.program.callersOf(one).length > 0)) return made.above;
  const partOf = (one: Lifted) => system.partOf(one.file.path);
  const known = (place: Lifted) => made.above.find((one) => partOf(one) === partOf(place));
  const places = lifted(system, { ...given, topic: undefined, isTable: false });
  return places.flatMap((place) => {
    const told = known(place);
    return told ? [{ ...place, text: told.text }] : [];
  });
}

/** `this.subject` of a base class: each object whose method is called says what that is. */
function heldByClass(system: System, { file, call, topic, depth = 0 }: Lifting & { readonly topic: Node }): Lifted[] {
  const field = ownField(file, topic);
  if (!field) return [];
  return functionsAround(file, call)
    .flatMap((one) => system.program.callersOf(one))
    .flatMap((caller) => {
      const value = fieldOf(system, caller, field.name);
      if (!value) return [];
      const owner = calledClass(system, caller);
      const all = texts(system, value.file, value.node);
      const places = lifted(system, { ...caller, topic: undefined, depth: depth + 1 });
      return all.flatMap((text) => places.map((place) => ({ ...place, text, owner })));
    });
}

/** What others register with a kit that goes through all of it: `for (const type of this.handlers.keys())`. */
function registeredIn(system: System, file: ParsedFile, topic: Node): Lifted[] | undefined {
  const list = listOf(system, file, topic);
  const registry = list && registryOf(file, list);
  const all = registry ? registrationsIn(system.program, file, registry) : [];
  if (all.length === 0) return undefined;
  return all
    .filter((one) => /^(service|gateway)$/.test(system.partOf(one.file.path)?.kind ?? ''))
    .flatMap(({ file: home, call, topic: given, handler }) => {
      const origin = handler ? system.program.originOf(home, handler) : undefined;
      const run = origin?.kind === 'functions' ? origin.all[0] : undefined;
      return texts(system, home, given).map((text) => ({ file: home, call, text, handler: run, isRegistered: true }));
    });
}

/** The list that a name goes through, or that an expression is itself. */
function listOf(system: System, file: ParsedFile, topic: Node): Node | undefined {
  if (topic.type !== 'Identifier')
    return topic.type === 'CallExpression' || topic.type === 'ArrayExpression' ? topic : undefined;
  const binding = system.program.scopesOf(file).lookUp(topic.name, topic);
  if (binding?.kind !== 'value') return undefined;
  if (binding.init && binding.declaration === 'const' && binding.path.length === 0) return binding.init;
  const each = file.all('ForOfStatement').find(({ left }) => contains(left as Node, binding.node))?.right;
  if (each) return (binding.path[0] ?? '0') === '0' ? (each as Node) : undefined;
  const [around] = functionsAround(file, binding.node);
  const call = around && file.parentOf(around);
  const isEach =
    call?.type === 'CallExpression' && iteratedIn(call) === around && call.callee.type === 'MemberExpression';
  return isEach ? ((call.callee as Extract<Node, { type: 'MemberExpression' }>).object as Node) : undefined;
}

/** The table whose keys a name goes through: `for (const [topic, handle] of Object.entries(HANDLERS))`. */
function keyedBy(system: System, file: ParsedFile, topic: Node): Node | undefined {
  const own = tableOf(topic);
  if (own) return own;
  if (topic.type !== 'Identifier') return undefined;
  const binding = system.program.scopesOf(file).lookUp(topic.name, topic);
  if (binding?.kind !== 'value') return undefined;
  if (binding.declaration === 'parameter') return ofEach(file, binding);
  if (binding.init) return binding.path.length === 0 ? tableOf(binding.init) : undefined;
  const list = file.all('ForOfStatement').find(({ left }) => contains(left as Node, binding.node))?.right;
  const isFirst = binding.path.length === 0 || binding.path[0] === '0';
  return list && isFirst ? tableOf(list) : undefined;
}

/** `Object.keys(HANDLERS).map((topic) => …)` */
function ofEach(file: ParsedFile, { node, path }: Extract<Binding, { kind: 'value' }>): Node | undefined {
  const [around] = functionsAround(file, node);
  const call = around && contains(around.params[0] as Node, node) ? file.parentOf(around) : undefined;
  if (call?.type !== 'CallExpression' || iteratedIn(call) !== around || (path[0] ?? '0') !== '0') return undefined;
  return call.callee.type === 'MemberExpression' ? tableOf(call.callee.object as Node) : undefined;
}

/** Each topic of a table, and what is done there with its messages. */
export function rowsOf(system: System, file: ParsedFile, given: Node): Row[] {
  const table = valueNode(system.program, file, given);
  if (table?.node.type !== 'ObjectExpression') return [{ text: undefined }];
  return table.node.properties.flatMap((entry): Row[] => {
    if (entry.type !== 'Property') return [{ text: undefined }];
    const done = doneBy(system, table.file, entry.value as Node);
    const names = entry.computed ? texts(system, table.file, entry.key as Node) : [nameOf(entry.key)];
    return names.map((text) => ({ text, ...done }));
  });
}

export type Row = Pick<Lifted, 'text' | 'handler' | 'wrapper'>;

/** A function, or one that is handed to a wrapper of this repository: `once((order) => …)`. */
function doneBy({ program }: System, file: ParsedFile, value: Node): Omit<Row, 'text'> {
  const origin = program.originOf(file, value);
  const run = origin.kind === 'functions' ? origin.all[0] : undefined;
  if (value.type !== 'CallExpression' || !run) return { handler: run };
  const given = (value.arguments as readonly Node[]).map((one) => program.originOf(file, one));
  const inner = given.find((one) => one.kind === 'functions');
  return inner?.kind === 'functions' ? { handler: inner.all[0], wrapper: run } : { handler: run };
}

/** Tables of functions by the names of messages, among what a call is given or one step inside of it. */
export function reactionsIn(system: System, { file, call }: CallSite): Row[] {
  const given = (call.arguments as readonly Node[]).filter(({ type }) => type === 'ObjectExpression');
  const inner = given.flatMap((one) =>
    one.type === 'ObjectExpression'
      ? one.properties.flatMap((entry) => (entry.type === 'Property' ? [entry.value as Node] : []))
      : [],
  );
  const isTable = (node: Node): boolean => {
    const table = valueNode(system.program, file, node);
    return (
      table?.node.type === 'ObjectExpression' &&
      table.node.properties.length > 0 &&
      table.node.properties.every(
        (entry) =>
          entry.type === 'Property' && system.program.originOf(table.file, entry.value as Node).kind === 'functions',
      )
    );
  };
  return [...given, ...inner].filter(isTable).flatMap((table) => rowsOf(system, file, table));
}

interface Parameter {
  readonly function: AnyFunction;
  readonly index: number;
  readonly path: readonly string[];
}

function parameterAt(system: System, file: ParsedFile, given: Node): Parameter | undefined {
  const root = pathOf(given)[0]!;
  const rest = given.type === 'MemberExpression' ? pathOf(given).slice(1) : [];
  const binding = system.program.scopesOf(file).lookUp(root, given);
  if (binding?.kind !== 'value') return undefined;
  if (binding.declaration !== 'parameter') {
    const from = takenOf(file, binding);
    const above = from && parameterAt(system, file, from);
    return above && { ...above, path: [...above.path, ...binding.path, ...rest] };
  }
  for (const around of functionsAround(file, given)) {
    const index = (around.params as readonly Node[]).findIndex((one) => contains(one, binding.node));
    const each = index === 0 ? listOfEach(file, around) : undefined;
    const above = each && parameterAt(system, file, each);
    if (above) return { ...above, path: [...above.path, ...binding.path, ...rest] };
    if (index >= 0) return { function: around, index, path: [...binding.path, ...rest] };
  }
  return undefined;
}

/** What a name of a function is taken of: `const { keys } = config`, and the list of `for (const key of keys)`. */
function takenOf(file: ParsedFile, { init, node }: Extract<Binding, { kind: 'value' }>): Node | undefined {
  if (init) return init.type === 'Identifier' || init.type === 'MemberExpression' ? init : undefined;
  return file.all('ForOfStatement').find(({ left }) => contains(left as Node, node))?.right;
}

const argumentAt = (call: AnyCall, { index, path }: Parameter): Node | undefined =>
  path.reduce<Node | undefined>(
    (node, name) => property(onlyOf(node), name) ?? node,
    call.arguments[index] as Node | undefined,
  );

/** `Object.keys(HANDLERS)` */
function keysOf(system: System, file: ParsedFile, given: Node): (string | undefined)[] {
  const table = valueNode(system.program, file, given);
  if (table?.node.type !== 'ObjectExpression') return [undefined];
  return table.node.properties.flatMap((entry) => {
    if (entry.type !== 'Property') return [undefined];
    return entry.computed ? texts(system, table.file, entry.key as Node) : [nameOf(entry.key)];
  });
}

/** The list that a name of `for (const type of types)` goes through. */
function turnOf(system: System, file: ParsedFile, node: Node): Node | undefined {
  if (node.type !== 'Identifier') return undefined;
  const binding = system.program.scopesOf(file).lookUp(node.name, node);
  if (binding?.kind !== 'value' || binding.init || binding.path.length > 0 || binding.declaration === 'parameter')
    return undefined;
  return file.all('ForOfStatement').find(({ left }) => contains(left as Node, binding.node))?.right;
}

/** What an expression stands for: `process.env.QUEUE ?? 'orders'`, `isLate ? 'late' : 'orders'`. */
function eitherOf(node: Node): readonly Node[] {
  if (node.type === 'LogicalExpression') return [node.left, node.right];
  return node.type === 'ConditionalExpression' ? [node.consequent, node.alternate] : [];
}

/** The texts that an expression may be; an open one is undefined. */
export function texts(system: System, file: ParsedFile, node: Node): (string | undefined)[] {
  const found = valueNode(system.program, file, node);
  if (found?.node.type === 'ArrayExpression') {
    return found.node.elements.flatMap((element) => (element ? texts(system, found.file, element as Node) : []));
  }
  if (found?.node.type === 'ObjectExpression') {
    const named = property(found.node, 'cmd') ?? property(found.node, 'type') ?? property(found.node, 'topic');
    return named ? texts(system, found.file, named) : [undefined];
  }
  if (found?.node.type === 'CallExpression' && pathOf(found.node.callee).join('.') === 'Object.keys') {
    return keysOf(system, found.file, found.node.arguments[0] as Node);
  }
  const either = found ? eitherOf(found.node) : [];
  if (either.length > 0) {
    const all = either.flatMap((one) => texts(system, found!.file, one));
    const known = all.filter((one) => one !== undefined);
    // A setting with something to fall back to is known by that.
    return known.length > 0 && found!.node.type === 'LogicalExpression' ? known : all;
  }
  const turn = found ? undefined : turnOf(system, file, node);
  if (turn) return texts(system, file, turn);
  if (found?.node.type === 'NewExpression') return [pathOf(found.node.callee).at(-1)];
  const text = textOf(system.program, file, node);
  return [/^\{[^}]*\}$/.test(text) ? undefined : text.replaceAll(/\{[^}]*\}/g, '*')];
}
