import type { Method, Route } from './route.ts';

/** All calls of one path. */
export interface Endpoint {
  readonly pattern: string;
  readonly routes: ReadonlyMap<string, Route>;
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
  endpoint?: Endpoint;
}

/** A routing table as a tree of path segments; a literal segment goes before a parameter. */
export class Router {
  readonly #root: Branch = { literals: new Map() };

  constructor(routes: readonly Route[]) {
    const byShape = Map.groupBy(routes, ({ path }) => path.replaceAll(/:[^/]+/g, ':'));
    for (const [shape, ofOnePath] of byShape) this.#place(shape, ofOnePath);
  }

  find(path: string): Match | undefined {
    const values: string[] = [];
    const endpoint = descend(this.#root, { path, at: 1, values });
    return endpoint && { endpoint, values };
  }

  #place(shape: string, routes: readonly Route[]): void {
    let branch = this.#root;
    for (const segment of shape.slice(1).split('/')) branch = grow(branch, segment);
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

function endpointOf(routes: readonly Route[]): Endpoint {
  const byMethod = new Map<string, Route>(routes.map((route) => [route.method, route]));
  const get = byMethod.get('GET' satisfies Method);
  if (get) byMethod.set('HEAD', get);
  return {
    pattern: routes[0]?.path ?? '/',
    routes: byMethod,
    allow: [...byMethod.keys(), 'OPTIONS'].sort().join(', '),
    parameterNames: new Map(routes.map((route) => [route, namesIn(route.path)])),
  };
}

const namesIn = (path: string): string[] =>
  path
    .split('/')
    .filter((segment) => segment.startsWith(':'))
    .map((segment) => segment.slice(1));

interface Rest {
  readonly path: string;
  readonly at: number;
  readonly values: string[];
}

function descend(branch: Branch, { path, at, values }: Rest): Endpoint | undefined {
  if (at > path.length) return branch.endpoint;
  const slash = path.indexOf('/', at);
  const end = slash === -1 ? path.length : slash;
  if (end === at) return undefined;
  const segment = path.slice(at, end);
  const literal = branch.literals.get(segment);
  const found = literal && descend(literal, { path, at: end + 1, values });
  if (found || !branch.parameter) return found;
  values.push(segment);
  const byParameter = descend(branch.parameter, { path, at: end + 1, values });
  if (!byParameter) values.pop();
  return byParameter;
}
