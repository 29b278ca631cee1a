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
  readonly limiter: Limiter;
  /** Its item of `RateLimit-Policy`. */
  readonly policy: string;
}

export type RunningLimits = ReadonlyMap<string, readonly RunningLimit[]>;

export function startLimits(limits: Limits, factor: number): RunningLimits {
  const byName = new Map<string, RunningLimit>();
  const started = (limit: Limit): RunningLimit => {
    const running = byName.get(limit.name) ?? start(limit, factor);
    byName.set(limit.name, running);
    return running;
  };
  return new Map(Object.entries(limits).map(([name, all]) => [name, all.map(started)]));
}

function start(limit: Limit, factor: number): RunningLimit {
  const quota = limit.fixed ? limit.quota : Math.max(1, Math.round(limit.quota * factor));
  const options = { quota, windowMs: limit.windowSeconds * 1000, keys: KEYS };
  const limiter = limit.shape === 'bucket' ? new TokenBucket(options) : new SlidingWindow(options);
  return { limit, limiter, policy: `"${limit.name}";q=${quota};w=${limit.windowSeconds}` };
}

/** The item of `RateLimit` for one verdict. */
export const rateLimitItem = (name: string, { remaining, resetMs }: Verdict): string =>
  `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`;
