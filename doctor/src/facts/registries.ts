import type { Node } from 'oxc-parser';
import type { Program } from '../model/program.ts';
import {
  type AnyCall,
  type AnyClass,
  classAround,
  contains,
  functionsAround,
  nameOf,
  pathOf,
  unwrap,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** Where a kit keeps what its users register: `when(type, handle) { this.handlers.set(type, handle); }`. */
export interface Registration {
  readonly file: ParsedFile;
  readonly call: AnyCall;
  /** What is registered there under which name, as arguments of the call. */
  readonly topic: Node;
  readonly handler: Node | undefined;
}

/** `this.handlers` of `for (const type of this.handlers.keys())`. */
export function registryOf(
  file: ParsedFile,
  list: Node,
): { readonly field: string; readonly home: AnyClass } | undefined {
  const node = unwrap(list);
  if (node.type === 'ArrayExpression' && node.elements.length === 1 && node.elements[0]?.type === 'SpreadElement')
    return registryOf(file, node.elements[0].argument);
  const path = pathOf(node);
  const home = classAround(file, node);
  const inner = node.type === 'CallExpression' ? keysOf(node) : node;
  if (inner !== node && inner) return registryOf(file, inner);
  if (path[0] !== 'this' || !home) return undefined;
  const isGone = path.length === 3 && /^(keys|entries)$/.test(path[2]!);
  return path.length === 2 || isGone ? { field: path[1]!, home } : undefined;
}

/** `Object.keys(x)`, `Array.from(x)` */
function keysOf(call: Extract<Node, { type: 'CallExpression' }>): Node | undefined {
  const path = pathOf(call.callee).join('.');
  return /^(Object\.(keys|entries)|Array\.from)$/.test(path) ? (call.arguments[0] as Node | undefined) : call;
}

/** All that is registered in a field of a class, by those who call the method that fills it. */
export function registrationsIn(
  program: Program,
  file: ParsedFile,
  { field, home }: { field: string; home: AnyClass },
) {
  return fillsOf(file, { field, home }).flatMap(({ key, value }): Registration[] => {
    const [method] = functionsAround(file, key);
    if (!method) return [];
    const [at, of] = [indexIn(method.params as readonly Node[], key), indexIn(method.params as readonly Node[], value)];
    if (at < 0) return [];
    return program.callersOf(method).flatMap((site) => {
      const topic = site.call.arguments[at] as Node | undefined;
      return topic ? [{ ...site, topic, handler: site.call.arguments[of] as Node | undefined }] : [];
    });
  });
}

/** `this.handlers.set(type, handle)`, `this.handlers[type] = handle` */
function fillsOf(
  file: ParsedFile,
  { field, home }: { field: string; home: AnyClass },
): { key: Node; value: Node | undefined }[] {
  const sets = file.all('CallExpression').filter((call) => {
    const path = pathOf(call.callee);
    return contains(home, call) && path[0] === 'this' && path[1] === field && path[2] === 'set' && path.length === 3;
  });
  const puts = file.all('AssignmentExpression').flatMap(({ left, right }) => {
    const target = left as Node;
    const isOwn =
      target.type === 'MemberExpression' && target.computed && pathOf(target.object).join('.') === `this.${field}`;
    return isOwn && contains(home, target) ? [{ key: target.property as Node, value: right as Node }] : [];
  });
  return [
    ...sets.map((call) => ({ key: call.arguments[0] as Node, value: call.arguments[1] as Node | undefined })),
    ...puts,
  ];
}

/** Whether a method only keeps what it is given, for a class that goes through all of that later. */
export function isRegistering(file: ParsedFile, node: Node): boolean {
  const home = classAround(file, node);
  if (!home) return false;
  const text = file.textOf(node);
  const [, field] = /\bthis\.(#?\w+)(?:\.set\(|\[[^\]]+\]\s*=[^=])/.exec(text) ?? [];
  if (field === undefined) return false;
  const own = `this\\.${field}`;
  const goes = String.raw`Object\.(keys|entries)\(${own}\)|${own}\.(keys|entries)\(|of ${own}\b`;
  return new RegExp(goes).test(file.textOf(home));
}

const indexIn = (params: readonly Node[], given: Node | undefined): number =>
  given ? params.findIndex((one) => nameOf(one) !== undefined && nameOf(one) === nameOf(given)) : -1;
