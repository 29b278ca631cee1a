import type { Node } from 'oxc-parser';
import type { CallSite } from '../model/program.ts';
import type { Binding } from '../model/scope.ts';
import type { System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { type AnyCall, type AnyFunction, contains, functionsAround, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { type ClassAt, calledClass, fieldOf, ownField } from './inherited.ts';

export interface Lifting extends CallSite {
  readonly topic: Node | undefined;
  readonly depth?: number;
}

/** Where a message is meant, its topic, and the class whose base class sends or hears it. */
export interface Lifted extends CallSite {
  readonly text: string | undefined;
  readonly owner?: ClassAt | undefined;
}

/** A wrapper is told by who calls it: there the topic is known, and there is the service that means it. */
export function lifted(system: System, { file, call, topic, depth = 0 }: Lifting): Lifted[] {
  const inherited = topic && depth <= 4 ? heldByClass(system, { file, call, topic, depth }) : [];
  if (inherited.length > 0) return inherited;
  const kind = system.partOf(file.path)?.kind;
  const isService = kind === 'service' || kind === 'gateway';
  const parameter = topic && parameterAt(system, file, topic);
  if (depth > 4 || (!parameter && isService)) {
    const all = topic ? texts(system, file, topic) : [undefined];
    return isService ? all.map((text) => ({ file, call, text })) : [];
  }
  const around = parameter ? [parameter.function] : functionsAround(file, call);
  const callers = around.flatMap((one) => system.program.callersOf(one));
  const above = callers.flatMap((caller) => {
    const given = parameter ? argumentAt(caller.call, parameter) : topic;
    if (parameter || !topic) return lifted(system, { ...caller, topic: given, depth: depth + 1 });
    const [text] = texts(system, file, topic);
    return lifted(system, { ...caller, topic: undefined, depth: depth + 1 }).map((one) => ({ ...one, text }));
  });
  return above.length === 0 && isService ? [{ file, call, text: undefined }] : above;
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
    (node, name) => property(node, name) ?? node,
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
  const turn = found ? undefined : turnOf(system, file, node);
  if (turn) return texts(system, file, turn);
  if (found?.node.type === 'NewExpression') return [pathOf(found.node.callee).at(-1)];
  const text = textOf(system.program, file, node);
  return [/^\{[^}]*\}$/.test(text) ? undefined : text.replaceAll(/\{[^}]*\}/g, '*')];
}
