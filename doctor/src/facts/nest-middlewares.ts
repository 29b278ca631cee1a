import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { textOf } from '../model/texts.ts';
import { type AnyCall, nameOf, pathOf, property, unwrap } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Entrance } from './entrance.ts';
import { isOfKind } from './policy-kinds.ts';

/** `consumer.apply(AuthMiddleware).exclude('health').forRoutes('*')` of a module of Nest. */
export interface Applied {
  readonly file: ParsedFile;
  readonly applied: readonly Node[];
  readonly excluded: readonly Node[];
  readonly routes: readonly Node[];
}

export const appliedIn = perSystem(
  (system: System): ReadonlyMap<Part, readonly Applied[]> =>
    new Map(
      [...system.services, ...system.gateways].map((part) => [
        part,
        system.closureOf(part).flatMap((file) => callsIn(file).flatMap((call) => chainOf(file, call))),
      ]),
    ),
);

function chainOf(file: ParsedFile, call: AnyCall): Applied[] {
  if (pathOf(call.callee as Node).at(-1) !== 'forRoutes') return [];
  const excluded: Node[] = [];
  let inner: Node = call;
  while (inner.type === 'CallExpression' && inner.callee.type === 'MemberExpression') {
    const name = nameOf(inner.callee.property as Node);
    if (name === 'apply') return [{ file, applied: listed(inner), excluded, routes: listed(call) }];
    if (name === 'exclude') excluded.push(...listed(inner));
    inner = unwrap(inner.callee.object);
  }
  return [];
}

const listed = (call: AnyCall): Node[] =>
  (call.arguments as readonly Node[]).flatMap((given) => {
    const one = given.type === 'SpreadElement' ? unwrap(given.argument) : given;
    return one.type === 'ArrayExpression' ? (one.elements as Node[]) : [one];
  });

type Asked = Pick<Entrance, 'part' | 'file' | 'line' | 'method' | 'path'>;

const standing = (system: System, one: Asked, kind: RegExp): readonly Applied[] =>
  (appliedIn(system).get(one.part) ?? []).filter(
    ({ file, applied, routes }) =>
      routes.some((given) => covers(system, { file, given, isBelow: true }, one)) &&
      applied.some((node) => isOfKind(system, { file, node }, kind)),
  );

const leavesOut = (system: System, { file, excluded }: Applied, one: Asked): boolean =>
  excluded.some((given) => covers(system, { file, given, isBelow: false }, one));

/** Whether a middleware of Nest of that kind stands before an entrance. */
export const hasMiddleware = (system: System, one: Asked, kind: RegExp): boolean =>
  standing(system, one, kind).some((applied) => !leavesOut(system, applied, one));

/** Whether each middleware of that kind that would stand there is told to leave it out: it is public on purpose. */
export function isLeftOutBy(system: System, one: Asked, kind: RegExp): boolean {
  const all = standing(system, one, kind);
  return all.length > 0 && all.every((applied) => leavesOut(system, applied, one));
}

interface Told {
  readonly file: ParsedFile;
  readonly given: Node;
  /** Whether what lies below a path is meant as well. */
  readonly isBelow: boolean;
}

/** A path, a path with its method, or a controller. */
export function covers({ program }: System, { file, given, isBelow }: Told, { file: home, line, method, path }: Asked) {
  const origin = program.originOf(file, given);
  if (origin.kind === 'class')
    return origin.file === home && home.lineAt(origin.node.start) <= line && line <= home.lineAt(origin.node.end);
  const told = property(given, 'method');
  const verb = told && pathOf(told).at(-1)!;
  if (verb !== undefined && verb !== 'ALL' && verb !== method && method !== 'ALL') return false;
  const pattern = textOf(program, file, property(given, 'path') ?? given).replace(/^\//, '');
  const plain = path.replace(/^\//, '');
  const escaped = pattern
    .replaceAll(/:\w+/g, ':')
    .replaceAll(/[.+?^$|[\]\\]/g, '\\$&')
    .replaceAll(/\(\\\.\*\)|\{?\*\w*\}?/g, '.*')
    .replaceAll(':', '[^/]+');
  return isMatch(`^${escaped}${isBelow ? '(/.*)?' : ''}$`, plain);
}

const isMatch = (pattern: string, path: string): boolean => {
  try {
    return pattern === '^(/.*)?$' || new RegExp(pattern).test(path);
  } catch {
    return true;
  }
};
