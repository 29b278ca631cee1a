import type { Cluster, ClusterLimit } from '../cluster/cluster.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Limiter, Verdict } from './limiter.ts';

const KEYS = 50_000;

/** A limit that all gateways count together, and each for itself while the place where they count is away. */
export class ClusterLimiter {
  /** Until when a key is refused without asking: who is past a limit may not keep the counting place busy. */
  readonly #spentUntil = new BoundedMap<number>(KEYS);

  constructor(
    private readonly limit: ClusterLimit,
    private readonly cluster: Cluster,
    private readonly local: Limiter,
  ) {}

  take(key: string, nowMs: number): Verdict | Promise<Verdict> {
    const spentUntil = this.#spentUntil.get(key) ?? 0;
    // A clock that was set back must not lock anybody out for longer than a window.
    if (spentUntil > nowMs && spentUntil <= nowMs + this.limit.windowMs) {
      return { allowed: false, remaining: 0, resetMs: this.limit.windowMs, retryMs: spentUntil - nowMs };
    }
    return this.#ask(key, nowMs);
  }

  /** Whether the next request would be refused, as far as is known here. */
  isSpent(key: string, nowMs: number): boolean {
    return (this.#spentUntil.get(key) ?? 0) > nowMs || this.local.isSpent(key, nowMs);
  }

  async #ask(key: string, nowMs: number): Promise<Verdict> {
    const verdict = (await this.cluster.take(this.limit, key)) ?? this.local.take(key, nowMs);
    if (!verdict.allowed) this.#spentUntil.set(key, nowMs + verdict.retryMs);
    return verdict;
  }
}
