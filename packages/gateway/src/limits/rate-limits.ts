import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterLimiter } from './cluster-limiter.ts';
import type { Limiter, Verdict } from './limiter.ts';
import { SlidingWindow } from './sliding-window.ts';
import { TokenBucket } from './token-bucket.ts';

/** One limit: how much, of whom. */
export interface Limit {
  /** As clients read it in `RateLimit`. */
  readonly name: string;
  /** The signed-in user or else the client's address; always the address; or a field of the body, such as `email`. */
  readonly by: 'caller' | 'address' | { readonly bodyField: string };
  readonly quota: number;
  readonly windowSeconds: number;
  /** `bucket` lets a burst of the quota through and refills evenly; `window` lets no more than that into any window. */
  readonly shape: 'bucket' | 'window';
  /** Not multiplied by the rate limit factor. */
  readonly fixed?: boolean;
}

/** The limits by the name that routes use; all of a name's limits apply. `default` must be there. */
export type Limits = Readonly<Record<string, readonly Limit[]>> & { readonly default: readonly Limit[] };

const KEYS = 50_000;

/** A limit with its counts. */
export interface RunningLimit {
  readonly limit: Limit;
  readonly limiter: Limiter | ClusterLimiter;
  /** Its item of `RateLimit-Policy`. */
  readonly policy: string;
}

export type RunningLimits = ReadonlyMap<string, readonly RunningLimit[]>;

export interface LimitsOptions {
  /** Multiplies all limits that are not fixed. */
  readonly factor: number;
  /** Where several gateways count together. */
  readonly cluster?: Cluster | undefined;
}

/** Limits that have the name of another one before them, and say something else: a name has one count. */
export function namesakes<L extends Pick<Limit, 'name'>>(limits: Readonly<Record<string, readonly L[]>>) {
  const first = new Map<string, { readonly limit: L; readonly place: string }>();
  const all = Object.entries(limits).flatMap(([set, ofSet]) =>
    ofSet.map((limit, at) => ({ limit, place: `${set}/${at}` })),
  );
  return all.flatMap(({ limit, place }) => {
    const known = first.get(limit.name);
    if (!known) first.set(limit.name, { limit, place });
    return known && !isDeepStrictEqual(known.limit, limit) ? [{ place, of: known.place }] : [];
  });
}

/** Limits that stay as they were keep their counts. */
export function startLimits(limits: Limits, { factor, cluster }: LimitsOptions, before?: RunningLimits): RunningLimits {
  const byName = new Map<string, RunningLimit>();
  const earlier = new Map(
    [...(before?.values() ?? [])].flat().map((running) => [keyOf(running.limit, factor), running]),
  );
  const started = (limit: Limit): RunningLimit => {
    const running = byName.get(limit.name) ?? earlier.get(keyOf(limit, factor)) ?? start(limit, factor, cluster);
    byName.set(limit.name, running);
    return running;
  };
  return new Map(Object.entries(limits).map(([name, all]) => [name, all.map(started)]));
}

const keyOf = (limit: Limit, factor: number): string => JSON.stringify([limit, limit.fixed ? 1 : factor]);

function start(limit: Limit, factor: number, cluster: Cluster | undefined): RunningLimit {
  const quota = limit.fixed ? limit.quota : Math.max(1, Math.round(limit.quota * factor));
  const options = { quota, windowMs: limit.windowSeconds * 1000, keys: KEYS };
  const local = limit.shape === 'bucket' ? new TokenBucket(options) : new SlidingWindow(options);
  const { name, shape } = limit;
  const limiter = cluster
    ? new ClusterLimiter({ name, shape, quota, windowMs: options.windowMs }, cluster, local)
    : local;
  return { limit, limiter, policy: `"${limit.name}";q=${quota};w=${limit.windowSeconds}` };
}

/** The item of `RateLimit` for one verdict. */
export const rateLimitItem = (name: string, { remaining, resetMs }: Verdict): string =>
  `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`;
