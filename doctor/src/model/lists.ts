import type { Node } from 'oxc-parser';
import {
  type AnyFunction,
  ancestorsOf,
  contains,
  isFunction,
  iteratedIn,
  nameOf,
  pathOf,
  unwrap,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Program } from './program.ts';
import { valueNode } from './texts.ts';

/** A list, or a table of which the keys or entries are gone through, as an expression in its file. */
export interface ListElement {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** What the innermost loop around a place goes over: the list of `for … of`, and the receiver of `forEach`. */
export function listOver(program: Program, file: ParsedFile, place: Node): ListElement | undefined {
  for (const outer of ancestorsOf(file, place)) {
    if (outer.type === 'ForOfStatement' && contains(outer.body as Node, place))
      return found(program, file, outer.right);
    if (!isFunction(outer)) continue;
    const call = file.parentOf(outer);
    if (call?.type !== 'CallExpression' || iteratedIn(call) !== outer) return undefined;
    return call.callee.type === 'MemberExpression' ? found(program, file, call.callee.object) : undefined;
  }
  return undefined;
}

const found = (program: Program, file: ParsedFile, list: Node): ListElement =>
  valueNode(program, file, list) ?? { file, node: unwrap(list) };

/** The elements of a list that is written down, also where it is put together of several. */
export function elementsOf(program: Program, { file, node }: ListElement, depth = 0): ListElement[] {
  if (node.type === 'CallExpression' && /^(freeze|values|flat|concat)$/.test(pathOf(node.callee).at(-1)!)) {
    return (node.arguments as readonly Node[]).flatMap((one) =>
      elementsOf(program, found(program, file, one), depth + 1),
    );
  }
  if (node.type === 'ObjectExpression' && depth > 0)
    return node.properties.flatMap((entry) =>
      entry.type === 'Property' ? [found(program, file, entry.value as Node)] : [],
    );
  if (node.type !== 'ArrayExpression' || depth > 4) return [];
  return (node.elements as readonly (Node | null)[]).flatMap((one) => {
    if (!one) return [];
    if (one.type !== 'SpreadElement') return [found(program, file, one)];
    return elementsOf(program, found(program, file, one.argument), depth + 1);
  });
}

/** `HANDLERS` of `Object.keys(HANDLERS)` and `Object.entries(HANDLERS)`. */
export function tableOf(given: Node): Node | undefined {
  const node = unwrap(given);
  if (node.type === 'ArrayExpression' && node.elements.length === 1 && node.elements[0]?.type === 'SpreadElement')
    return tableOf(node.elements[0].argument);
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return undefined;
  const isOfObject = nameOf(node.callee.object) === 'Object' && /^(keys|entries)$/.test(pathOf(node.callee).at(-1)!);
  return isOfObject ? (node.arguments[0] as Node | undefined) : undefined;
}

/** The list whose elements a function is called for: `events` of `events.map((event) => …)`. */
export function listOfEach(file: ParsedFile, each: AnyFunction): Node | undefined {
  const call = file.parentOf(each);
  const isEach = call?.type === 'CallExpression' && iteratedIn(call) === each;
  return isEach && call.callee.type === 'MemberExpression' ? call.callee.object : undefined;
}

/** The element of a list of one. */
export const onlyOf = (node: Node | undefined): Node | undefined =>
  node?.type === 'ArrayExpression' && node.elements.length === 1
    ? ((node.elements[0] as Node | null) ?? undefined)
    : node;
