import type { Node } from 'oxc-parser';
import { callsIn } from '../model/program.ts';
import { perSystem, type System } from '../model/system.ts';
import { dataOf, textOf, type Value, valueNode } from '../model/texts.ts';
import {
  type AnyCall,
  type AnyClass,
  type AnyFunction,
  decoratorsOf,
  isFunction,
  nameOf,
  pathOf,
  property,
} from '../source/ast.ts';
import type { ParsedFile } from '../source/parsed-file.ts';
import { listedRoutes } from './listed-routes.ts';
import { webRoutes } from './moleculer-web.ts';
import { isMounted } from './mounting.ts';
import { plainRoutes } from './plain-routes.ts';

/** What answers a request, and what stands before it. */
export interface Route {
  readonly file: ParsedFile;
  readonly line: number;
  readonly method: string;
  readonly path: string;
  /** The function, or the expression of one, that answers. */
  readonly handler: Node | undefined;
  /** What a request passes before: middlewares, hooks, guards. */
  readonly before: readonly Node[];
  /** Options of the route as far as they are plain data. */
  readonly options: Value;
}

const VERBS: ReadonlySet<string> = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'all', 'del']);
const SERVERS = new RegExp(
  '^(express|express-promise-router|fastify|koa|koa-router|@koa/router|hono|restify|' +
    String.raw`polka|@hapi/hapi|find-my-way|router|@fastify/.+)$`,
);
const RECEIVER = /^(app|router|server|fastify|http|instance|api|routes?|[a-z]+Router|\w*[rR]outes)$/;
const NEST_VERBS: Readonly<Record<string, string>> = {
  Get: 'GET',
  Post: 'POST',
  Put: 'PUT',
  Patch: 'PATCH',
  Delete: 'DELETE',
  Head: 'HEAD',
  Options: 'OPTIONS',
  All: 'ALL',
};

/** Every route of a file's own code: Express, Fastify, Koa, Hono, and Nest. */
export const routesIn = perSystem((system: System): ReadonlyMap<ParsedFile, readonly Route[]> => {
  const prefixes = mountedAt(system);
  return new Map(
    system.program.files.map((file) => {
      if (!isMounted(system, file)) return [file, []];
      const routes = [
        ...callsIn(file).flatMap((call) => routeOf(system, file, call)),
        ...plainRoutes(system, file),
        ...listedRoutes(system, file),
        ...webRoutes(system, file),
        ...[...file.all('ClassDeclaration'), ...file.all('ClassExpression')].flatMap((node) =>
          nestRoutes(system, file, node),
        ),
      ];
      const under = prefixes.get(file) ?? [''];
      return [file, routes.flatMap((route) => under.map((prefix) => ({ ...route, path: join(prefix, route.path) })))];
    }),
  );
});

const join = (prefix: string, path: string): string =>
  `${prefix}/${path}`.replaceAll(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');

function routeOf(system: System, file: ParsedFile, call: AnyCall): Route[] {
  if (call.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return [];
  const verb = nameOf(call.callee.property as Node) ?? '';
  const args = call.arguments as readonly Node[];
  if (verb === 'route' && args[0]?.type === 'ObjectExpression') return objectRoute(system, file, call);
  if (!VERBS.has(verb) || args.length < 2 || !isServer(system, file, call.callee.object as Node)) return [];
  const [first] = args;
  const paths = first!.type === 'ArrayExpression' ? (first!.elements as readonly Node[]) : [first!];
  return paths.filter(Boolean).flatMap((one) => callRoute(system, file, { call, path: one, verb }));
}

interface Called {
  readonly call: AnyCall;
  readonly path: Node;
  readonly verb: string;
}

function callRoute(system: System, file: ParsedFile, { call, path: given, verb }: Called): Route[] {
  const args = call.arguments as readonly Node[];
  const own = textOf(system.program, file, given);
  if (!own.startsWith('/') && !own.startsWith('{')) return [];
  const path = [mountedHere(system, file, call), ownPrefix(system, file, call), own].reduce(join);
  const options = args.length > 2 && isOptions(system, file, args[1]!) ? args[1] : undefined;
  return [
    {
      file,
      line: file.lineAt(call.start),
      method: verb.toUpperCase(),
      path,
      handler: args.at(-1),
      before: [
        ...args.slice(1, -1).filter((arg) => arg !== options),
        ...hooksOf(options && valueNode(system.program, file, options)?.node),
      ],
      options: options ? dataOf(system.program, file, options) : undefined,
    },
  ];
}

/** `app.route('/orders', orders)` of a router that the same file makes: below which path its routes lie. */
function mountedHere({ program }: System, file: ParsedFile, call: AnyCall): string {
  let path = '';
  let mount = mountIn(file, call);
  for (let step = 0; mount && step < 4; step++) {
    path = join(textOf(program, file, mount.arguments[0] as Node), path);
    mount = mountIn(file, mount);
  }
  return path;
}

/** The call that uses the router on which another one is called. */
function mountIn(file: ParsedFile, { callee }: AnyCall): AnyCall | undefined {
  const router = callee.type === 'MemberExpression' ? nameOf(callee.object as Node) : undefined;
  if (router === undefined) return undefined;
  return callsIn(file).find((call) => {
    const [first, ...others] = call.arguments as readonly Node[];
    const isUsed = /^(use|route)$/.test(pathOf(call.callee as Node).at(-1)!) && first?.type === 'Literal';
    return isUsed && others.length > 0 && nameOf(others.at(-1)) === router;
  });
}

/** `new Router({ prefix: '/orders' })` of Koa, `new Hono().basePath('/orders')`: below which path its routes lie. */
function ownPrefix({ program }: System, file: ParsedFile, { callee }: AnyCall): string {
  const made = callee.type === 'MemberExpression' ? valueNode(program, file, callee.object as Node) : undefined;
  if (made?.node.type === 'CallExpression' && pathOf(made.node.callee).at(-1) === 'basePath')
    return textOf(program, made.file, made.node.arguments[0] as Node);
  if (made?.node.type !== 'NewExpression' && made?.node.type !== 'CallExpression') return '';
  const origin = program.originOf(made.file, made.node.callee as Node);
  const prefix = property(made.node.arguments[0] as Node | undefined, 'prefix');
  const isOfKoa = origin.kind === 'external' && /^(@koa\/router|koa-router)$/.test(origin.module);
  return prefix && isOfKoa ? textOf(program, made.file, prefix) : '';
}

/** Options of a route, where they stand or by their name; a middleware is none. */
const isOptions = ({ program }: System, file: ParsedFile, given: Node): boolean =>
  valueNode(program, file, given)?.node.type === 'ObjectExpression';

function objectRoute({ program }: System, file: ParsedFile, call: AnyCall): Route[] {
  const given = call.arguments[0] as Node;
  const [url, method] = [property(given, 'url') ?? property(given, 'path'), property(given, 'method')];
  if (!url) return [];
  return [
    {
      file,
      line: file.lineAt(call.start),
      method: method ? textOf(program, file, method) : 'ALL',
      path: textOf(program, file, url),
      handler: property(given, 'handler'),
      before: hooksOf(given),
      options: dataOf(program, file, given),
    },
  ];
}

/** The hooks among a route's options. */
export function hooksOf(options: Node | undefined): Node[] {
  return ['onRequest', 'preHandler', 'preValidation', 'preParsing', 'beforeHandler'].flatMap((name) => {
    const value = property(options, name);
    return value?.type === 'ArrayExpression' ? (value.elements as Node[]) : value ? [value] : [];
  });
}

export function isServer({ program }: System, file: ParsedFile, receiver: Node): boolean {
  const origin = program.originOf(file, receiver);
  if (origin.kind === 'external') return SERVERS.test(origin.module);
  if (origin.kind !== 'unknown' && origin.kind !== 'interface' && origin.kind !== 'global') return false;
  return RECEIVER.test(pathOf(receiver).at(-1)!);
}

function nestRoutes({ program }: System, file: ParsedFile, node: AnyClass): Route[] {
  const controller = decoratorsOf(node).find(({ name }) => name === 'Controller');
  if (!controller) return [];
  const [given] = controller.args;
  const path = given?.type === 'ObjectExpression' ? property(given, 'path') : given;
  const prefix = path ? textOf(program, file, path) : '';
  const guards = (of: Node): Node[] =>
    decoratorsOf(of)
      .filter(({ name }) => /UseGuards|Throttle|Roles|Auth|Public/.test(name))
      .flatMap((one) => [one.node]);
  return (node.body.body as readonly Node[]).flatMap((member) =>
    member.type !== 'MethodDefinition'
      ? []
      : decoratorsOf(member).flatMap(({ name, args }) => {
          const method = NEST_VERBS[name];
          if (!method) return [];
          const sub = args[0] ? textOf(program, file, args[0]) : '';
          return [
            {
              file,
              line: file.lineAt(member.start),
              method,
              path: join(`/${prefix}`, sub),
              handler: member.value,
              before: [...guards(node), ...guards(member)],
              options: undefined,
            },
          ];
        }),
  );
}

/** `app.use('/orders', router)` and `register(routes, { prefix })`: under which paths the routes of a file lie. */
function mountedAt(system: System): Map<ParsedFile, string[]> {
  const found = new Map<ParsedFile, string[]>();
  const { program } = system;
  for (const file of program.files) {
    for (const call of callsIn(file)) {
      const mounted = mountOf(system, file, call);
      if (!mounted) continue;
      const origin = program.originOf(file, mounted.what);
      const home = homeOf(origin) ?? importedFile(system, file, mounted.what);
      if (home && home !== file) found.set(home, [...(found.get(home) ?? []), mounted.prefix]);
    }
  }
  return found;
}

function mountOf({ program }: System, file: ParsedFile, call: AnyCall): { prefix: string; what: Node } | undefined {
  const args = call.arguments as readonly Node[];
  const verb = pathOf(call.callee as Node).at(-1)!;
  if ((verb === 'use' || verb === 'route') && args.length > 1 && args[0]!.type === 'Literal') {
    return { prefix: textOf(program, file, args[0]!), what: args.at(-1)! };
  }
  const prefix = verb === 'register' ? property(args[1], 'prefix') : undefined;
  return prefix ? { prefix: textOf(program, file, prefix), what: args[0]! } : undefined;
}

function homeOf(origin: ReturnType<System['program']['originOf']>): ParsedFile | undefined {
  if (origin.kind === 'functions') return origin.all[0]?.file;
  if (origin.kind === 'namespace' || origin.kind === 'instance' || origin.kind === 'object') return origin.file;
  return undefined;
}

/** The file from which a name is imported, whatever it is there: a router made by a library. */
export function importedFile({ program }: System, file: ParsedFile, what: Node): ParsedFile | undefined {
  const name = what.type === 'CallExpression' ? pathOf(what.callee)[0]! : pathOf(what)[0]!;
  const isRequire = name === 'require' && what.type === 'CallExpression';
  const binding = program.scopesOf(file).lookUp(name, what);
  const specifier = isRequire
    ? nameOf(what.arguments[0] as Node)
    : binding?.kind === 'import'
      ? binding.specifier
      : undefined;
  if (specifier === undefined) return undefined;
  const target = program.resolve(file.path, specifier);
  return target.kind === 'own' ? program.fileAt(target.path) : undefined;
}

/** The function that answers a route, wherever it is written. */
export function handlerOf({ program }: System, { file, handler }: Route) {
  if (!handler) return undefined;
  // A branch of a server of Node itself is read as a function would be.
  if (isFunction(handler) || handler.type.endsWith('Statement') || handler.type === 'SwitchCase')
    return { file, node: handler as AnyFunction };
  const origin = program.originOf(file, handler);
  return origin.kind === 'functions' ? origin.all[0] : undefined;
}
