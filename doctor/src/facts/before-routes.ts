import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import type { System } from '../model/system.ts';
import { textOf, valueNode } from '../model/texts.ts';
import { returnedBy } from '../model/value-nodes.ts';
import { type AnyCall, contains, functionsAround, isFunction, iteratedIn, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { isClosed, isHookOf } from './plugin-scopes.ts';
import { AUTHENTICATION, isOfKind, RATE_LIMIT } from './policy-kinds.ts';
import { importedFile } from './routes.ts';

export const PROXIES = new RegExp(
  '^(http-proxy-middleware|express-http-proxy|http-proxy|@fastify/(http-proxy|reply-from)|' +
    String.raw`fast-gateway|fast-proxy|koa-proxies|koa-proxy)$`,
);

/**
 * A middleware, hook or guard for every request: `app.use(limiter)`, `addHook`, `useGlobalGuards`, `APP_GUARD`; where
 * the line of a route is given, one that stands before it, and where its path is, one for all that lies below a part.
 */
export function hasGlobal(system: System, asked: Asked, kind: RegExp): boolean {
  const { file, line, path } = asked;
  const used = callsIn(file).some((call) => {
    const verb = pathOf(call.callee as Node).at(-1)!;
    const args = call.arguments as readonly Node[];
    if (verb === 'addHook')
      return isHookOf(system, asked, call) && args.slice(1).some((arg) => isOfKind(system, { file, node: arg }, kind));
    if (verb === 'useGlobalGuards') return args.some((arg) => isOfKind(system, { file, node: arg }, kind));
    if (verb !== 'use' && verb !== 'register') return false;
    if (verb === 'register' && kind === AUTHENTICATION && onlyDecorates(system, file, args[0])) return false;
    if (verb === 'register' && isClosed(system, file, args[0])) return false;
    if (verb === 'register' && kind === RATE_LIMIT && isOnlyOffered(args[1])) return false;
    if (verb === 'use' && line !== undefined && comesLate(file, call, line)) return false;
    if (verb === 'use' && asked.of && comesAfter(system, { file, used: call, of: asked.of })) return false;
    const isForAll =
      verb === 'register' ||
      args.length === 1 ||
      textOf(system.program, file, args[0]!) === '/' ||
      !isPath(args[0]!) ||
      (path !== undefined && isBelow(path, textOf(system.program, file, args[0]!).replace(/\/?\*$/, '')));
    return (
      isForAll &&
      !isProxy(system, file, args[0]!) &&
      args.some((arg) => isOfKind(system, { file, node: arg }, kind) && !leavesOut(system, file, { node: arg, path }))
    );
  });
  if (used) return true;
  return file.all('ObjectExpression').some((node) => {
    const provide = property(node, 'provide');
    const guard = property(node, 'useClass') ?? property(node, 'useExisting');
    return (
      provide &&
      file.textOf(provide) === 'APP_GUARD' &&
      guard !== undefined &&
      isOfKind(system, { file, node: guard }, kind)
    );
  });
}

export interface Asked {
  readonly file: ParsedFile;
  readonly line?: number;
  readonly path?: string;
  /** Where the route is written that this file uses. */
  readonly of?: ParsedFile;
}

const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`);

/** `register(rateLimit, { global: false })`: it limits where a route says so. */
function isOnlyOffered(options: Node | undefined): boolean {
  const given = property(options, 'global');
  return given?.type === 'Literal' && given.value === false;
}

/** A plugin of this repository that offers a check, and hangs it before nothing. */
function onlyDecorates({ program }: System, file: ParsedFile, plugin: Node | undefined): boolean {
  const found = plugin && valueNode(program, file, plugin);
  const made = found?.node.type === 'CallExpression' ? (found.node.arguments[0] as Node | undefined) : found?.node;
  return found && made && isFunction(made)
    ? !/addHook|\.use\(|\.register\([^)]*guard/i.test(found.file.textOf(made))
    : false;
}

/** Whether a middleware is used after a route of the same function: a request of that never comes to it. */
function comesLate(file: ParsedFile, used: AnyCall, line: number): boolean {
  if (file.lineAt(used.start) <= line) return false;
  const [around] = functionsAround(file, used);
  return callsIn(file).some((call) => {
    const arounds = functionsAround(file, call);
    const inner = around ? arounds.slice(0, arounds.indexOf(around)) : arounds;
    const isHere = !around || arounds.includes(around);
    return file.lineAt(call.start) === line && isHere && inner.every((one) => iteratedIn(file.parentOf(one)) === one);
  });
}

interface Used {
  readonly file: ParsedFile;
  readonly used: AnyCall;
  readonly of: ParsedFile;
}

/** Whether the router of another file is used before a middleware: what it answers never comes to that. */
function comesAfter(system: System, { file, used, of }: Used): boolean {
  const [around] = functionsAround(file, used);
  const mounts = callsIn(file).filter(
    (call) =>
      /^(use|route|mount)$/.test(pathOf(call.callee as Node).at(-1)!) &&
      functionsAround(file, call)[0] === around &&
      (call.arguments as readonly Node[]).some((given) => importedFile(system, file, given) === of),
  );
  return mounts.length > 0 && mounts.every((call) => call.end < used.end && !contains(call, used));
}

/** `jwt({ … }).unless({ path: ['/orders', /^\/public/] })` */
function leavesOut({ program }: System, file: ParsedFile, { node, path }: { node: Node; path: string | undefined }) {
  if (node.type !== 'CallExpression' || pathOf(node.callee).at(-1) !== 'unless' || path === undefined) return false;
  const told = property(node.arguments[0] as Node | undefined, 'path');
  const all = told?.type === 'ArrayExpression' ? (told.elements as readonly Node[]) : told ? [told] : [];
  return all.some((one) => {
    const pattern = one.type === 'Literal' && 'regex' in one ? one.regex.pattern : undefined;
    return pattern === undefined ? textOf(program, file, one) === path : isMatch(pattern, path);
  });
}

const isMatch = (pattern: string, path: string): boolean => {
  try {
    return new RegExp(pattern).test(path);
  } catch {
    return false;
  }
};

export const isPath = (node: Node): boolean =>
  node.type === 'Literal' || node.type === 'TemplateLiteral' || node.type === 'ArrayExpression';

/** A library's proxy, also where a function of this repository makes it: `forward('orders', url)`. */
export const isProxy = (system: System, file: ParsedFile, node: Node): boolean => makesProxy(system, { file, node });

/** What hands requests on to a server of GraphQL: its one route is the entrance to all that it asks. */
const answersGraph = (path: readonly string[]): boolean =>
  /^(expressMiddleware|koaMiddleware|graphqlHTTP|createYoga|fastifyApolloHandler)$/.test(path.at(-1) ?? '');

/** `class OrdersProxy implements NestMiddleware`, or what a function makes around a proxy: `proxyTo(url)`. */
const holdsProxy = ({ program }: System, { file, node }: Made): boolean =>
  callsIn(file).some((call) => {
    const origin = contains(node, call) ? program.originOf(file, call.callee as Node) : undefined;
    return origin?.kind === 'external' && PROXIES.test(origin.module) && origin.path.length < 2;
  });

interface Made {
  readonly file: ParsedFile;
  readonly node: Node;
}

function makesProxy(system: System, { file, node }: Made, depth = 0): boolean {
  const origin = system.program.originOf(file, node.type === 'CallExpression' ? (node.callee as Node) : node);
  if (origin.kind === 'external') return PROXIES.test(origin.module) || answersGraph(origin.path);
  if (origin.kind === 'class' || origin.kind === 'instance') return holdsProxy(system, origin);
  if (origin.kind !== 'functions' || node.type !== 'CallExpression' || depth > 2) return false;
  return origin.all.some((maker) =>
    returnedBy(maker.file, maker.node).some(
      (answer) =>
        (answer.type === 'CallExpression' && makesProxy(system, { file: maker.file, node: answer }, depth + 1)) ||
        (isFunction(answer) && holdsProxy(system, maker)),
    ),
  );
}
