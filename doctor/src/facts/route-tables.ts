import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { System } from '../model/system.ts';
import { dataOf, textOf, type Value } from '../model/texts.ts';
import { nameOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import type { Entrance } from './entrance.ts';
import { namesSteps, stepsIn } from './listed-routes.ts';
import { AUTHENTICATION, isOfKind, RATE_LIMIT } from './policy-kinds.ts';

/** How a table or its gateway calls what limits requests. */
export const LIMITS = /^(rate_?)?limits?$|^rateLimiting$|throttl/i;

const CALL = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/\S*)$/;

/** A table whose keys are calls: `'POST /v1/orders': { access: 'user' }`; or a list of `{ method, path, upstream }`. */
export function tableEntrances(system: System, part: Part, file: ParsedFile): Entrance[] {
  return file
    .all('ObjectExpression')
    .flatMap((node) => [...keyed(system, { part, file, node }), ...listed(system, { part, file, node })]);
}

interface Tabled {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly node: Extract<Node, { type: 'ObjectExpression' }>;
}

function keyed(system: System, { part, file, node }: Tabled): Entrance[] {
  return node.properties.flatMap((entry) => {
    if (entry.type !== 'Property') return [];
    const [, method, path] = CALL.exec(nameOf(entry.key as Node) ?? '') ?? [];
    if (method === undefined || path === undefined) return [];
    const policy = dataOf(system.program, file, entry.value as Node);
    return [fromPolicy({ part, file, line: file.lineAt(entry.start), method, path }, policy)];
  });
}

function listed(system: System, { part, file, node }: Tabled): Entrance[] {
  const path = property(node, 'path') ?? property(node, 'prefix') ?? property(node, 'url');
  const isLocal = property(node, 'handle') !== undefined || property(node, 'handler') !== undefined;
  const ends = ['upstream', 'target', 'service', 'proxy', 'backend'];
  const upstream = isLocal ? 'handle' : ends.find((name) => property(node, name));
  if (!path || upstream === undefined || !isEntry(file, node)) return [];
  const data = dataOf(system.program, file, node);
  const method = isRecord(data) && typeof data['method'] === 'string' ? data['method'] : 'ALL';
  const text = textOf(system.program, file, path);
  if (!text.startsWith('/')) return [];
  const entry = fromPolicy({ part, file, line: file.lineAt(node.start), method, path: text }, data);
  return [{ ...entry, ...stepsOf(system, file, node), isLocal }];
}

/** What its own steps do, where an entry names functions: their names alone say nothing. */
function stepsOf(system: System, file: ParsedFile, node: Node): Partial<Entrance> {
  if (!namesSteps(node)) return {};
  const steps = stepsIn(node);
  const isAny = (kind: RegExp): boolean => steps.some((step) => isOfKind(system, { file, node: step }, kind));
  return {
    hasAuthentication: isAny(AUTHENTICATION),
    ...(isAny(RATE_LIMIT) && { hasOwnLimit: true }),
    access: undefined,
    steps,
  };
}

/** One of a list, or what a function makes for one. */
const isEntry = (file: ParsedFile, node: Node): boolean =>
  ['ArrayExpression', 'ArrowFunctionExpression', 'ReturnStatement'].includes(file.parentOf(node)?.type ?? '');

type Place = Pick<Entrance, 'part' | 'file' | 'line' | 'method' | 'path'>;

function fromPolicy(place: Place, policy: Value): Entrance {
  const fields = isRecord(policy) ? policy : {};
  const [name] = Object.keys(fields).filter((key) =>
    /^(access|auth\w*|roles?|public|guard|protected|secured|requiresAuth)$/i.test(key),
  );
  const access =
    name === undefined ? undefined : name === 'access' ? fields[name] : fields[name] === false ? 'public' : name;
  return {
    ...place,
    hasAuthentication: name !== undefined,
    // A table is the gateway's own language: its limits are those of the table, or hold for all.
    hasRateLimit: true,
    hasOwnLimit: Object.keys(fields).some((key) => LIMITS.test(key)),
    access: typeof access === 'string' ? access : undefined,
  };
}

export const isRecord = (value: Value): value is { [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
