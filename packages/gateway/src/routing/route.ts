import type { Requirement } from '../auth/identity.ts';
import type { Ending } from '../auth/revocations.ts';
import type { Exchange } from '../exchange.ts';
import type { JsonShape } from '../json-shape.ts';
import { policyFaults } from './policy-faults.ts';
import { labelOf, type Version } from './version.ts';

/**
 * Who may call a route. `user` is anybody with a valid token: whose resource it is, the service decides, unless the
 * requirement tells an owner.
 */
export type Access = 'public' | 'user' | 'admin' | Requirement;

/** `*` takes every method that has no route of its own, except TRACE. */
export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | '*';

interface Policy {
  readonly method: Method;
  /** Segments, some of them parameters: `/v1/orders/:id`; a last segment `*` takes the rest, whatever it is. */
  readonly path: string;
  /** The route is one of this host only: `api.example`, or `*.example` for every host below. */
  readonly host?: string;
  /** Which version of the call it is; the one without is for whoever asks for none. */
  readonly version?: Version;
  readonly access: Access;
  /** Which of the gateway's rate limits counts it; `default` when not told. */
  readonly limit?: string;
  readonly cors?: CorsPolicy;
  /** How long a body may be; 1 MiB when not told. */
  readonly bodyLimitBytes?: number;
}

/** How a route's answers are kept. */
export interface CachePolicy {
  /** What events purge them by, besides the tags of the answer itself. */
  readonly tags?: readonly string[];
  /** Whether `Cache-Control` of a request counts; true when not told. */
  readonly honoursRequests?: boolean;
  /** Requests with one of these headers read past the cache. */
  readonly unless?: readonly string[];
  /** How long a stale answer stands in for one that failed, where the service says nothing of it. */
  readonly staleIfErrorSeconds?: number;
}

/** Which other sites' pages may call. */
export interface CorsPolicy {
  /** Such as `https://shop.example`; `*` is any, without credentials. */
  readonly origins: readonly string[];
  readonly credentials?: boolean;
  /** Request headers besides the usual ones. */
  readonly headers?: readonly string[];
  /** Headers of the answer that a page may read. */
  readonly exposes?: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** What is put in and taken out. */
export interface Reshape {
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface Transformation {
  readonly headers?: Reshape;
  readonly query?: Reshape;
}

/** One of several services whose answers become one. */
export interface Part {
  readonly upstream: string;
  /** With the parameters of the route's own path: `/v1/inventory/:id`. */
  readonly path: string;
  /** The answer goes on without it: its field is null. */
  readonly isOptional?: boolean;
}

/** What is told in place of a service that is away. */
export interface Fallback {
  /** 200 when not told. */
  readonly status?: number;
  readonly body?: unknown;
}

/** A call that a service answers. */
export interface ProxyRoute extends Policy {
  readonly upstream: string;
  /** How long the service may take until it answers; 30 s when not told. */
  readonly timeoutMs?: number;
  /** After so long without an answer, a GET is asked of another replica as well; never when not told. */
  readonly hedgeAfterMs?: number;
  /** Whether an Idempotency-Key makes a POST safe to repeat here; true when not told. */
  readonly idempotent?: boolean;
  /** An endless answer, such as Server-Sent Events. */
  readonly stream?: boolean;
  /** `json`, the default, is taken in whole; `any` type is passed on while it comes in. */
  readonly body?: 'json' | 'any';
  /** `sealed`, the default: a 5xx that is not problem+json becomes a 502; `passed`: the client gets it as it is. */
  readonly errors?: 'sealed' | 'passed';
  /** The path that the service gets instead, with the parameters of this one: `/internal/:id`, `/files/*`. */
  readonly rewrite?: string;
  readonly request?: Transformation & { readonly body?: JsonShape };
  /** `fields` are the only ones of a JSON answer that go on, by their paths: `id`, `items.name`. */
  readonly response?: Pick<Transformation, 'headers'> & {
    readonly fields?: readonly string[];
    readonly body?: JsonShape;
  };
  /** A GET is answered by this service and others at once: what this one says is the field `as`, beside theirs. */
  readonly joins?: { readonly as: string; readonly parts: Readonly<Record<string, Part>> };
  readonly fallback?: Fallback;
  /** Whether answers are compressed for clients that can read it. */
  readonly compress?: boolean;
  /** Which sessions a successful answer ends: their tokens are refused from then on. */
  readonly ends?: Ending;
  /** Answers that may be kept are kept; `true` goes by what the service says. */
  readonly cache?: true | CachePolicy;
  /** Whether the service may take the connection over for another protocol, such as WebSocket. */
  readonly upgrade?: boolean;
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

const partsOf = (route: Route): readonly Part[] => (isLocal(route) ? [] : Object.values(route.joins?.parts ?? {}));

const ACCESS: readonly unknown[] = ['public', 'user', 'admin'] satisfies Access[];

const isAccess = (access: unknown): boolean =>
  ACCESS.includes(access) || (typeof access === 'object' && access !== null && Object.keys(access).length > 0);
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', '*'] satisfies Method[];
const PATTERN = /^(?:\/|(?:\/(?::[a-zA-Z]+|[a-zA-Z0-9._~-]+))*(?:\/(?::[a-zA-Z]+|[a-zA-Z0-9._~-]+|\*)))$/;

export interface Known {
  readonly upstreams: readonly string[];
  readonly limits: readonly string[];
}

/** All faults of a table at once. A route without a policy is one of them: nothing is public by being forgotten. */
export function faultsOf(routes: readonly Route[], { upstreams, limits }: Known): string[] {
  const seen = new Set<string>();
  return routes.flatMap((route) => {
    const { method, path, access, limit = 'default' } = route;
    const call = `${method} ${route.host ?? ''}${path}${route.version ? ` (${labelOf(route.version)})` : ''}`;
    const shape = call.replaceAll(/:[^/]+/g, ':');
    const faults = [
      !METHODS.includes(method) && `${call}: unknown method`,
      !PATTERN.test(path) && `${call}: not a path`,
      !isAccess(access) && `${call}: has no access policy`,
      !limits.includes(limit) && `${call}: unknown limit ${limit}`,
      !isLocal(route) && !upstreams.includes(route.upstream) && `${call}: unknown upstream ${route.upstream}`,
      seen.has(shape) && `${call}: told twice`,
      ...policyFaults(route).map((fault) => `${call}: ${fault}`),
      ...partsOf(route).map(({ upstream }) => !upstreams.includes(upstream) && `${call}: unknown upstream ${upstream}`),
    ];
    seen.add(shape);
    return faults.filter((fault) => fault !== false);
  });
}
