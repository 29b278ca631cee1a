import type { Node } from 'oxc-parser';
import type { FunctionAt } from '../model/origin.ts';
import type { CallSite } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { type AnyClass, classAround, isFunction, nameOf, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** A class, and the file that it is in. */
export interface ClassAt {
  readonly file: ParsedFile;
  readonly node: AnyClass;
}

/** A field of its own object, by which a method of a base class says what those that extend it mean: `this.subject`. */
export function ownField(file: ParsedFile, node: Node): { readonly name: string; readonly base: ClassAt } | undefined {
  if (node.type !== 'MemberExpression' || node.object.type !== 'ThisExpression') return undefined;
  const name = nameOf(node.property as Node);
  const base = classAround(file, node);
  return name !== undefined && base ? { name, base: { file, node: base } } : undefined;
}

/** The class of the object whose method is called. */
export function calledClass({ program }: System, { file, call }: CallSite): ClassAt | undefined {
  if (call.callee.type !== 'MemberExpression') return undefined;
  const origin = program.originOf(file, call.callee.object as Node);
  return origin.kind === 'instance' ? { file: origin.file, node: origin.node } : undefined;
}

interface Given {
  readonly file: ParsedFile;
  readonly node: Node;
}

/** What a field is set to in the object whose method is called: by its class, or by what its constructor is given. */
export function fieldOf(system: System, site: CallSite, name: string): Given | undefined {
  const called = calledClass(system, site);
  if (!called || site.call.callee.type !== 'MemberExpression') return undefined;
  const receiver = unwrap(site.call.callee.object as Node);
  const args = receiver.type === 'NewExpression' ? (receiver.arguments as readonly Node[]) : undefined;
  return valueIn(system, called, { name, file: site.file, args });
}

interface Wanted {
  readonly name: string;
  /** What the constructor is called with, where that is known, and in which file. */
  readonly file: ParsedFile;
  readonly args: readonly Node[] | undefined;
  readonly depth?: number;
}

function valueIn(system: System, { file, node }: ClassAt, wanted: Wanted): Given | undefined {
  const { name, args, depth = 0 } = wanted;
  const members = node.body.body as readonly Node[];
  for (const member of members) {
    if (member.type === 'PropertyDefinition' && nameOf(member.key as Node) === name && member.value) {
      return { file, node: member.value as Node };
    }
    if (member.type === 'MethodDefinition' && member.kind === 'get' && nameOf(member.key as Node) === name) {
      const answer = answerOf(file, member.value);
      if (answer) return { file, node: answer };
    }
  }
  const index = parameterFor(file, node, name);
  const handed = index < 0 ? undefined : args?.[index];
  if (handed) return { file: wanted.file, node: handed };
  const above = node.superClass && depth < 4 ? system.program.originOf(file, node.superClass as Node) : undefined;
  if (above?.kind !== 'class') return undefined;
  const handedOn = superCallOf(file, node);
  const next = handedOn ? { name, file, args: handedOn.arguments as readonly Node[] } : wanted;
  return valueIn(system, { file: above.file, node: above.node }, { ...next, depth: depth + 1 });
}

const constructorOf = (node: AnyClass) =>
  (node.body.body as readonly Node[]).flatMap((member) =>
    member.type === 'MethodDefinition' && member.kind === 'constructor' ? [member.value] : [],
  )[0];

/** Which parameter of the constructor becomes the field. */
function parameterFor(file: ParsedFile, node: AnyClass, name: string): number {
  const made = constructorOf(node);
  if (!made) return -1;
  const params = made.params as readonly Node[];
  const held = params.findIndex((one) => one.type === 'TSParameterProperty' && nameOf(one.parameter as Node) === name);
  if (held >= 0) return held;
  const set = file
    .all('AssignmentExpression')
    .find(({ left, start }) => made.start <= start && start < made.end && file.textOf(left as Node) === `this.${name}`);
  return set ? params.findIndex((one) => nameOf(one) !== undefined && nameOf(one) === nameOf(set.right)) : -1;
}

const superCallOf = (file: ParsedFile, node: AnyClass) =>
  file
    .all('CallExpression')
    .find(({ callee, start }) => callee.type === 'Super' && node.start <= start && start < node.end);

const answerOf = (file: ParsedFile, { start, end }: Node): Node | undefined =>
  (file.all('ReturnStatement').find((one) => start <= one.start && one.end <= end)?.argument ?? undefined) as
    | Node
    | undefined;

/** What a class puts in the place of what its base class calls and leaves open. */
export function filledIn({ file, node }: ClassAt, base: ClassAt): FunctionAt | undefined {
  if (node === base.node) return undefined;
  const body = base.file.textOf(base.node);
  for (const member of node.body.body as readonly Node[]) {
    if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') continue;
    const value = member.value as Node | null;
    const name = nameOf(member.key as Node);
    if (name === undefined || name === 'constructor' || !isFunction(value)) continue;
    if (new RegExp(`this\\.${name}\\b`).test(body)) return { file, node: value };
  }
  return undefined;
}
