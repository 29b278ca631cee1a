import type { Exchange } from '../exchange.ts';

/** Who may call a route. `user` is anybody with a valid token: whose resource it is, the service decides. */
export type Access = 'public' | 'user' | 'admin';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Policy {
  readonly method: Method;
  /** Segments, some of them parameters: `/v1/orders/:id`. */
  readonly path: string;
  readonly access: Access;
  /** Which of the gateway's rate limits counts it; `default` when not told. */
  readonly limit?: string;
}

/** A call that a service answers. */
export interface ProxyRoute extends Policy {
  readonly upstream: string;
  /** How long the service may take until it answers; 30 s when not told. */
  readonly timeoutMs?: number;
  /** Whether an Idempotency-Key makes a POST safe to repeat here; true when not told. */
  readonly idempotent?: boolean;
  /** An endless answer, such as Server-Sent Events. */
  readonly stream?: boolean;
}

/** A call that the gateway answers itself. */
export interface LocalRoute extends Policy {
  readonly handle: (exchange: Exchange) => Promise<Answer>;
}

export type Route = ProxyRoute | LocalRoute;

export interface Answer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const isLocal = (route: Route): route is LocalRoute => 'handle' in route;

const ACCESS: readonly string[] = ['public', 'user', 'admin'] satisfies Access[];
const METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies Method[];
const PATTERN = /^(?:\/(?::[a-zA-Z]+|[a-zA-Z0-9._~-]+))+$/;

export interface Known {
  readonly upstreams: readonly string[];
  readonly limits: readonly string[];
}

/** All faults of a table at once. A route without a policy is one of them: nothing is public by being forgotten. */
export function faultsOf(routes: readonly Route[], { upstreams, limits }: Known): string[] {
  const seen = new Set<string>();
  return routes.flatMap((route) => {
    const { method, path, access, limit = 'default' } = route;
    const call = `${method} ${path}`;
    const shape = call.replaceAll(/:[^/]+/g, ':');
    const faults = [
      !METHODS.includes(method) && `${call}: unknown method`,
      !PATTERN.test(path) && `${call}: not a path`,
      !ACCESS.includes(access) && `${call}: has no access policy`,
      !limits.includes(limit) && `${call}: unknown limit ${limit}`,
      !isLocal(route) && !upstreams.includes(route.upstream) && `${call}: unknown upstream ${route.upstream}`,
      seen.has(shape) && `${call}: told twice`,
    ];
    seen.add(shape);
    return faults.filter((fault) => fault !== false);
  });
}
