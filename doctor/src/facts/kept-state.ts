import type { Node } from 'oxc-parser';
import type { System } from '../model/system.ts';
import { type AnyFunction, nameOf, pathOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** Something that a request changes, and that only this process knows. */
export interface ProcessState {
  readonly node: Node;
  readonly name: string;
  /** The class that holds it; empty for a module. */
  readonly holder: string;
}

export const CHANGES: ReadonlySet<string> = new Set([
  'set',
  'add',
  'push',
  'unshift',
  'splice',
  'delete',
  'pop',
  'shift',
  'clear',
]);
export const GROWS: ReadonlySet<string> = new Set(['set', 'add', 'push', 'unshift', 'splice']);

/** What has to be in the process, since it is of the process: waiters, connections, timers, metrics, its own phase. */
export const OF_THE_PROCESS = new RegExp(
  String.raw`pending|waiting|waiter|inflight|in_flight|listener|subscri|connection|socket|clients?$|` +
    String.raw`timers?$|timeout|handler|breaker|circuit|pool|plugins|registry|routes|middleware|` +
    String.raw`schema|validator|compiled|metrics|counter$|gauge|histogram|logger|server|app$|instance|` +
    'started|ready|shutting|closing|closed|draining|stopp|initiali[sz]ed|connected|healthy|' +
    String.raw`promise|controller$|abort|span|tracer|busy|running|queue$|buffer|streams?$|replicas|` +
    String.raw`upstreams|hooks|loaders?$|memo|warned|debug`,
  'i',
);

export const isTop = (file: ParsedFile, node: Node): boolean => {
  const parent = file.parentOf(node);
  return parent?.type === 'Program' || parent?.type === 'ExportNamedDeclaration';
};

export function isSameBinding(
  program: System['program'],
  file: ParsedFile,
  { node, id }: { node: Node; id: Node },
): boolean {
  const name = (node as { name: string }).name;
  const binding = program.scopesOf(file).lookUp(name, node);
  return binding?.kind === 'value' && binding.node === id;
}

/** A collection that starts empty or with data, and not one that only holds what the code says. */
export function isCollection(init: Node | null): boolean {
  const node = init && unwrap(init);
  if (!node) return false;
  // `(globalThis.known ??= new Map())`
  if (node.type === 'AssignmentExpression' || node.type === 'LogicalExpression') return isCollection(node.right);
  if (node.type === 'ArrayExpression' || node.type === 'ObjectExpression') return true;
  if (node.type === 'CallExpression') return pathOf(node.callee).join('.') === 'Object.create';
  return node.type === 'NewExpression' && ['Map', 'Set', 'Array', 'Object'].includes(nameOf(node.callee as Node) ?? '');
}

export function functionName(file: ParsedFile, node: AnyFunction): string {
  const parent = file.parentOf(node);
  if (node.id) return node.id.name;
  return (
    (parent && 'key' in parent ? nameOf(parent.key as Node) : parent && 'id' in parent && nameOf(parent.id as Node)) ||
    ''
  );
}

export function grows(file: ParsedFile, node: Node): boolean {
  const parent = file.parentOf(node);
  if (parent?.type !== 'MemberExpression' || parent.object !== node) return false;
  const around = file.parentOf(parent);
  if (around?.type === 'CallExpression' && around.callee === parent)
    return GROWS.has(nameOf(parent.property as Node) ?? '');
  return isTargetOf(around, parent);
}

export const isTargetOf = (around: Node | undefined, node: Node): boolean =>
  (around?.type === 'AssignmentExpression' && around.left === node) || around?.type === 'UpdateExpression';
