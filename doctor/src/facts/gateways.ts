import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { FunctionAt } from '../model/origin.ts';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { dataOf, textOf, type Value } from '../model/texts.ts';
import { returnedBy } from '../model/value-nodes.ts';
import { type AnyCall, isFunction, nameOf, pathOf, property } from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { hasGlobal, isPath, isProxy, PROXIES } from './before-routes.ts';
import type { Entrance } from './entrance.ts';
import { isNeverTaken } from './loaded.ts';
import { webEntrances } from './moleculer-web.ts';
import { hasMiddleware, isLeftOutBy } from './nest-middlewares.ts';
import { appliedProxies } from './nest-proxies.ts';
import { letsAllThrough } from './open-guards.ts';
import { AUTHENTICATION, isOfKind, RATE_LIMIT } from './policy-kinds.ts';
import { isAskedByContext, resolverRoutes } from './resolver-routes.ts';
import { isRecord, LIMITS, tableEntrances } from './route-tables.ts';
import { hooksOf, type Route, routesIn } from './routes.ts';
import { isSaidPublic } from './said-public.ts';

export type { Entrance } from './entrance.ts';

/** All entrances of the gateways: proxied paths, routes of their own, and tables of routes. */
export const entrances = perSystem((system: System): readonly Entrance[] =>
  system.gateways.flatMap((part) => {
    const web = webEntrances(system).filter((one) => one.part === part);
    if (web.length > 0) return web;
    const files = system.filesOf(part);
    const tables = files.flatMap((file) => tableEntrances(system, part, file));
    // Routes of its own count where there is a table of what it hands on: they are in its language.
    if (!tables.some(({ isLocal }) => !isLocal)) return answers(system, part);
    const beside = answers(system, part).filter(({ isProxy: isOne, path }) => isOne && /^\/[\w/-]+$/.test(path));
    return [...withLimits(system, part, withHooks(system, part, tables)), ...beside];
  }),
);

/** What a part hands on or answers with code of its own, and what stands on each. */
export function answers(system: System, part: Part): readonly Entrance[] {
  const files = system.filesOf(part).filter((file) => !isNeverTaken(system, part, file));
  const isLimited = (one: Entrance): boolean =>
    files.some(
      (file) =>
        hasGlobal(system, file === one.file ? one : { file, path: one.path, of: one.file }, RATE_LIMIT) ||
        throttles(system, file),
    );
  const isAsked = (one: Entrance): boolean =>
    files.some((file) =>
      file === one.file
        ? hasGlobal(system, one, AUTHENTICATION)
        : !isRouter(file) && hasGlobal(system, { file, path: one.path, of: one.file }, AUTHENTICATION),
    );
  const handedOn = appliedProxies(system, part).map((one) => ({
    ...one,
    hasAuthentication: one.hasAuthentication || isAsked(one),
    hasRateLimit: one.hasRateLimit || isLimited(one),
  }));
  const answeredHere = files
    .flatMap((file) => {
      const passed = proxied(system, part, file);
      const own = answered(system, part, file).filter(({ line }) => !passed.some((one) => one.line === line));
      return [...passed, ...own];
    })
    .map((one) => ({
      ...one,
      hasAuthentication: one.hasAuthentication || isAsked(one) || hasMiddleware(system, one, AUTHENTICATION),
      access: one.access ?? (isPublic(system, one) ? 'public' : undefined),
      hasRateLimit: !one.isUnlimited && (one.hasRateLimit || isLimited(one) || hasMiddleware(system, one, RATE_LIMIT)),
    }));
  return [...answeredHere, ...handedOn];
}

/** What a guard for all is told to leave out, or what can only be read, and is said to be public. */
const isPublic = (system: System, one: Entrance): boolean =>
  isLeftOutBy(system, one, AUTHENTICATION) || (/^(GET|HEAD)$/.test(one.method) && isSaidPublic(one.file, one.line));

/** What a router of Express uses, it uses for its own routes. */
const isRouter = (file: ParsedFile): boolean =>
  callsIn(file).some((call) => /^(express\.)?Router$/.test(pathOf(call.callee as Node).join('.')));

/** A table from which proxies are registered: what stands before all of them stands before each of its routes. */
function withHooks(system: System, part: Part, tables: readonly Entrance[]): readonly Entrance[] {
  const files = system.filesOf(part);
  const proxies = files.flatMap((file) => proxied(system, part, file));
  if (proxies.length === 0) return tables;
  const isForAll = proxies.every(
    (one) =>
      one.hasAuthentication ||
      files.some((file) => hasGlobal(system, file === one.file ? one : { file }, AUTHENTICATION)),
  );
  const isVoid = !isForAll && asksNobody(system, proxies);
  return tables.map((one) => ({
    ...one,
    hasAuthentication: (one.hasAuthentication && !isVoid) || isForAll,
    access: isVoid && one.access !== 'public' ? undefined : one.access,
  }));
}

/** What hands a table on has no steps before it, or only such as let everybody through: what the table says is idle. */
function asksNobody(system: System, proxies: readonly Entrance[]): boolean {
  const ofTable = proxies.filter(({ path, isWhole }) => isWhole && !/^\/[\w/-]*$/.test(path));
  return (
    ofTable.length > 0 &&
    ofTable.every(({ file, steps = [] }) => steps.every((node) => letsAllThrough(system, { file, node })))
  );
}

/** Whose `limit` is that of a body. */
const PARSES_BODIES = /^(json|urlencoded|raw|text|bodyParser|multer|formidable|koaBody)$/;

/** A middleware that counts requests limits what it is used for, and not what a table says. */
const isLimiter = ({ program }: System, file: ParsedFile, call: AnyCall): boolean => {
  const origin = program.originOf(file, call.callee as Node);
  return origin.kind === 'external' && RATE_LIMIT.test(origin.module);
};

/** What limits a table of routes: the option of the gateway that it is handed to, or a middleware before all. */
function withLimits(system: System, part: Part, tables: readonly Entrance[]): readonly Entrance[] {
  const files = system.filesOf(part);
  const options = files.flatMap((file) =>
    callsIn(file)
      .filter((call) => !PARSES_BODIES.test(pathOf(call.callee as Node).at(-1)!) && !isLimiter(system, file, call))
      .flatMap((call) =>
        (call.arguments as readonly Node[]).flatMap((given) =>
          given.type === 'ObjectExpression'
            ? given.properties.flatMap((entry) =>
                entry.type === 'Property' && LIMITS.test(nameOf(entry.key as Node) ?? '')
                  ? [dataOf(system.program, file, entry.value as Node)]
                  : [],
              )
            : [],
        ),
      ),
  );
  const isEmpty = (value: Value): boolean => Array.isArray(value) && value.length === 0;
  const limitsAll =
    options.some((given) => !isEmpty(given) && !(isRecord(given) && isEmpty(given['default']))) ||
    files.some((file) => hasGlobal(system, { file, ...lineOfProxies(system, part, file) }, RATE_LIMIT));
  if (limitsAll) return tables;
  const isUnder = ({ path }: Entrance): boolean =>
    files.some((file) => hasGlobal(system, { file, path, ...lineOfProxies(system, part, file) }, RATE_LIMIT));
  return tables.map((one) => ({ ...one, hasRateLimit: one.hasOwnLimit === true || isUnder(one) }));
}

/** Where a loop hands on what its table says. */
function lineOfProxies(system: System, part: Part, file: ParsedFile): { readonly line?: number } {
  const [first] = proxied(system, part, file);
  return first ? { line: first.line } : {};
}

const throttles = (system: System, file: ParsedFile): boolean =>
  file.imports.some(({ specifier }) => specifier === '@nestjs/throttler') && hasGlobal(system, { file }, /Throttler/);

/** `app.use('/orders', authenticate, createProxyMiddleware(…))` and `register(proxy, { prefix, preHandler })`. */
function proxied(system: System, part: Part, file: ParsedFile): Entrance[] {
  return callsIn(file).flatMap((call) => {
    const verb = pathOf(call.callee as Node).at(-1)!;
    const args = call.arguments as readonly Node[];
    const isRegistered = verb === 'register' && args[0] !== undefined && isProxy(system, file, args[0]);
    const proxy =
      args.find((arg) => arg.type === 'CallExpression' && isProxy(system, file, arg)) ??
      args.slice(1).find((arg) => isHeldProxy(system, file, arg)) ??
      (verb === 'use' && args.length > 1 ? args.slice(-1).find((arg) => answersAll(system, file, arg)) : undefined);
    if (!isRegistered && (!proxy || !/^(use|all|get|post|put|patch|delete)$/.test(verb))) return [];
    const filter =
      proxy?.type === 'CallExpression' ? property(proxy.arguments.at(-1) as Node, 'pathFilter') : undefined;
    const prefix = isRegistered ? property(args[1], 'prefix') : proxy === args[0] ? filter : args[0];
    const before = isRegistered ? hooksOf(args[1]) : args.filter((arg) => arg !== proxy);
    const ownLimit = isRegistered && property(args[1], 'rateLimit') !== undefined;
    return [
      entrance(system, {
        part,
        file,
        call,
        path: prefix ? pathText(system, file, prefix) : '/',
        method: /^(get|post|put|patch|delete)$/.test(verb) ? verb.toUpperCase() : 'ALL',
        before,
        ownLimit,
        isWhole: isRegistered && isPlain(args[1]),
      }),
    ];
  });
}

/** Options of which all that is told can be read. */
const isPlain = (options: Node | undefined): boolean =>
  options?.type === 'ObjectExpression' && options.properties.every(({ type }) => type === 'Property');

/** A function that answers what comes below a path, and passes nothing on to the next one. */
const answersAll = (system: System, file: ParsedFile, given: Node): boolean =>
  functionsOf(system, file, given).some(({ file: home, node }) => {
    const text = home.textOf(node);
    const next = nameOf(node.params[2] as Node | undefined) ?? 'next';
    return ANSWERS.test(text) && !new RegExp(String.raw`\b${next}\(\s*\)|\b404\b`).test(text);
  });

const ANSWERS = /\.(send|json|end|pipe|pipeTo)\(/;

/** Where it stands, by its name, or made by a function of this repository: `forward(process.env.ORDERS_URL)`. */
function functionsOf({ program }: System, file: ParsedFile, given: Node): readonly FunctionAt[] {
  if (isFunction(given)) return [{ file, node: given }];
  const origin = program.originOf(file, given.type === 'CallExpression' ? (given.callee as Node) : given);
  if (origin.kind !== 'functions') return [];
  if (given.type !== 'CallExpression') return origin.all;
  return origin.all.flatMap((maker) =>
    returnedBy(maker.file, maker.node).flatMap((node) => (isFunction(node) ? [{ file: maker.file, node }] : [])),
  );
}

const pathText = ({ program }: System, file: ParsedFile, node: Node): string =>
  node.type === 'ArrayExpression'
    ? node.elements.flatMap((one) => (one ? [textOf(program, file, one as Node)] : [])).join('|')
    : isPath(node) || node.type === 'Identifier' || node.type === 'MemberExpression'
      ? textOf(program, file, node)
      : '/';

const isHeldProxy = ({ program }: System, file: ParsedFile, node: Node): boolean => {
  if (node.type !== 'Identifier') return false;
  const origin = program.originOf(file, node);
  return origin.kind === 'external' && PROXIES.test(origin.module);
};

/** Routes that the gateway answers with its own code. */
function answered(system: System, part: Part, file: ParsedFile): Entrance[] {
  const asked = part.kind === 'gateway' ? resolverRoutes(file) : [];
  return [...(routesIn(system).get(file) ?? []), ...asked].map((route) => {
    const config = isRecord(route.options) ? JSON.stringify(route.options) : '';
    const kinds = (kind: RegExp): boolean => route.before.some((node) => isOfKind(system, { file, node }, kind));
    const isUnlimited =
      /"rateLimit":false/.test(config) || route.before.some((node) => SKIPS_LIMITS.test(file.textOf(node)));
    return {
      part,
      file,
      line: route.line,
      method: route.method,
      path: route.path,
      hasAuthentication:
        kinds(AUTHENTICATION) ||
        /"(auth|access|roles?)"/.test(config) ||
        (asked.includes(route) && isAskedByContext(system)),
      hasRateLimit: !isUnlimited && (kinds(RATE_LIMIT) || /rateLimit|"limit"/.test(config)),
      access: asked.includes(route) && isOpenRoot(system, route, asked) ? 'public' : undefined,
      steps: route.before,
      isUnlimited,
    };
  });
}

/** A root of a graph by which one signs in, or that is read beside roots that are guarded one by one. */
const isOpenRoot = (system: System, { file, method, path }: Route, all: readonly Route[]): boolean =>
  /\/(login|signin|signup|register|refresh|logout|(forgot|reset)\w*password)/i.test(path) ||
  (method === 'QUERY' &&
    all.some(({ before }) => before.some((node) => isOfKind(system, { file, node }, AUTHENTICATION))));

/** `@SkipThrottle()`; with `false` it takes back what stands around. */
const SKIPS_LIMITS = /^@SkipThrottle\((?![^)]*\bfalse\b)/;

interface Opened {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly call: AnyCall;
  readonly path: string;
  readonly method: string;
  readonly before: readonly Node[];
  readonly ownLimit: boolean;
  readonly isWhole: boolean;
}

function entrance(system: System, { part, file, call, path, method, before, ownLimit, isWhole }: Opened): Entrance {
  const kinds = (kind: RegExp): boolean =>
    before.some((node) => !isPath(node) && isOfKind(system, { file, node }, kind));
  return {
    part,
    file,
    line: file.lineAt(call.start),
    method,
    path,
    hasAuthentication: kinds(AUTHENTICATION),
    hasRateLimit: ownLimit || kinds(RATE_LIMIT),
    access: undefined,
    steps: before.filter((node) => !isPath(node)),
    isProxy: true,
    isWhole,
  };
}
