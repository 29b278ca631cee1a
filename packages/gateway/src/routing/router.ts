import type { HeaderList } from '../wire/header-list.ts';
import type { Method, Route } from './route.ts';
import { labelOf, namesOf, versionFor } from './version.ts';

/** All calls of one path. */
export interface Endpoint {
  readonly pattern: string;
  /** The route of a method: its own, or the one that takes every method; of its versions the one that is asked for. */
  routeFor(method: string, headers: HeaderList): Route | undefined;
  /** Whether it has routes of the method, of whatever version. */
  has(method: string): boolean;
  /** What tells its versions apart, and the request headers that they go by; undefined where there is one only. */
  readonly versions: { readonly labels: readonly string[]; readonly vary: string } | undefined;
  /** The value of `Allow`. */
  readonly allow: string;
  readonly parameterNames: ReadonlyMap<Route, readonly string[]>;
}

/** What a path was recognised as. */
export interface Match {
  readonly endpoint: Endpoint;
  readonly values: readonly string[];
}

interface Branch {
  readonly literals: Map<string, Branch>;
  parameter?: Branch;
  /** What takes the rest of the path, whatever it is. */
  rest?: Endpoint;
  endpoint?: Endpoint;
}

/** Routing tables by the hosts that they are for; a host without one of its own gets the table for all. */
export class Router {
  readonly #all: PathRouter;
  readonly #byHost: ReadonlyMap<string, PathRouter>;

  constructor(routes: readonly Route[]) {
    const hosts = new Set(routes.flatMap(({ host }) => (host === undefined ? [] : [host.toLowerCase()])));
    this.#all = new PathRouter(routes.filter(({ host }) => host === undefined));
    const of = (host: string) => new PathRouter(routes.filter((route) => route.host?.toLowerCase() === host));
    this.#byHost = new Map([...hosts].map((host) => [host, of(host)]));
  }

  /** `host` as the client tells it, with its port. What its own table does not have is looked up in that of all. */
  find(path: string, host = ''): Match | undefined {
    const own = this.#byHost.size === 0 ? undefined : this.#ofHost(host.toLowerCase().replace(/:\d*$/, ''));
    return own?.find(path) ?? this.#all.find(path);
  }

  #ofHost(host: string): PathRouter | undefined {
    const exact = this.#byHost.get(host);
    for (let dot = host.indexOf('.'), found = exact; ; dot = host.indexOf('.', dot + 1)) {
      if (found || dot === -1) return found;
      found = this.#byHost.get(`*${host.slice(dot)}`);
    }
  }
}

/** A routing table as a tree of path segments. */
class PathRouter {
  readonly #root: Branch = { literals: new Map() };

  constructor(routes: readonly Route[]) {
    const byShape = Map.groupBy(routes, ({ path }) => path.replaceAll(/:[^/]+/g, ':'));
    for (const [shape, ofOnePath] of byShape) this.#place(shape, ofOnePath);
  }

  find(path: string): Match | undefined {
    if (path === '/' && this.#root.endpoint) return { endpoint: this.#root.endpoint, values: [] };
    const values: string[] = [];
    const endpoint = descend(this.#root, { path, at: 1, values });
    return endpoint && { endpoint, values };
  }

  #place(shape: string, routes: readonly Route[]): void {
    let branch = this.#root;
    if (shape === '/') {
      branch.endpoint = endpointOf(routes);
      return;
    }
    for (const segment of shape.slice(1).split('/')) {
      if (segment === '*') {
        branch.rest = endpointOf(routes);
        return;
      }
      branch = grow(branch, segment);
    }
    branch.endpoint = endpointOf(routes);
  }
}

function grow(branch: Branch, segment: string): Branch {
  if (segment === ':') {
    branch.parameter ??= { literals: new Map() };
    return branch.parameter;
  }
  const next = branch.literals.get(segment) ?? { literals: new Map() };
  branch.literals.set(segment, next);
  return next;
}

const OF_EVERY_METHOD: readonly string[] = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'];
const spelledOut = (method: string): readonly string[] => (method === '*' ? OF_EVERY_METHOD : [method]);

/** Its answer would tell the client what the gateway tells services. */
const ECHO = 'TRACE';

function endpointOf(routes: readonly Route[]): Endpoint {
  const byMethod = byMethodOf(routes.filter(({ version }) => !version));
  const versions = byMethodOf(routes.filter(({ version }) => version));
  const find = <R>(table: ReadonlyMap<string, R>, method: string): R | undefined =>
    table.get(method) ?? (method === ECHO ? undefined : table.get('*'));
  const plain = (method: string): Route | undefined => find(byMethod, method)?.[0];
  return {
    pattern: routes[0]?.path ?? '/',
    routeFor:
      versions.size === 0
        ? plain
        : (method, headers) => versionFor(find(versions, method) ?? [], headers, plain(method)),
    has: (method) => (find(byMethod, method) ?? find(versions, method)) !== undefined,
    versions: versionsOf(routes),
    allow: [...new Set([...byMethod.keys(), ...versions.keys(), 'OPTIONS'].flatMap(spelledOut))].sort().join(', '),
    parameterNames: new Map(routes.map((route) => [route, namesIn(route.path)])),
  };
}

function byMethodOf(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const byMethod = new Map<string, readonly Route[]>(Map.groupBy(routes, ({ method }) => method));
  const get = byMethod.get('GET' satisfies Method);
  if (get && !byMethod.has('HEAD')) byMethod.set('HEAD', get);
  return byMethod;
}

function versionsOf(routes: readonly Route[]): Endpoint['versions'] {
  const all = routes.flatMap(({ version }) => (version ? [version] : []));
  return all.length === 0 ? undefined : { labels: all.map(labelOf), vary: namesOf(all).join(', ') };
}

const namesIn = (path: string): string[] =>
  path
    .split('/')
    .filter((segment) => segment.startsWith(':') || segment === '*')
    .map((segment) => (segment === '*' ? 'rest' : segment.slice(1)));

interface Rest {
  readonly path: string;
  readonly at: number;
  readonly values: string[];
}

/** A literal segment goes before a parameter, and both before what takes the rest. */
function descend(branch: Branch, { path, at, values }: Rest): Endpoint | undefined {
  if (at > path.length) return branch.endpoint;
  const slash = path.indexOf('/', at);
  const end = slash === -1 ? path.length : slash;
  const segment = path.slice(at, end);
  const literal = segment === '' ? undefined : branch.literals.get(segment);
  const found = literal && descend(literal, { path, at: end + 1, values });
  if (found) return found;
  if (branch.parameter && segment !== '') {
    values.push(segment);
    const byParameter = descend(branch.parameter, { path, at: end + 1, values });
    if (byParameter) return byParameter;
    values.pop();
  }
  if (branch.rest) values.push(path.slice(at));
  return branch.rest;
}
