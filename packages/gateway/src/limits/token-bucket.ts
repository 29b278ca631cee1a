import { BoundedMap } from './bounded-map.ts';
import type { Limiter, Quota, Verdict } from './limiter.ts';

/**
 * A burst of the whole quota, refilled evenly over the window: the generic cell rate algorithm (ITU-T I.371), which
 * keeps one number a key, the time at which the bucket is full again.
 */
export class TokenBucket implements Limiter {
  readonly #fullAt: BoundedMap<number>;
  readonly #intervalMs: number;
  #epochMs: number | undefined;

  constructor(private readonly options: Quota) {
    this.#fullAt = new BoundedMap(options.keys);
    this.#intervalMs = options.windowMs / options.quota;
  }

  take(key: string, nowMs: number): Verdict {
    const now = this.#sinceEpoch(nowMs);
    const before = this.#fullAtOf(key, now);
    const after = before + this.#intervalMs;
    const waitMs = after - now - this.options.windowMs;
    // A millionth of a token is rounding, not a request too many.
    if (waitMs > this.#intervalMs * 1e-6)
      return { allowed: false, remaining: 0, resetMs: before - now, retryMs: waitMs };
    this.#fullAt.set(key, after);
    const remaining = Math.floor(-waitMs / this.#intervalMs + 1e-6);
    return { allowed: true, remaining: Math.max(0, remaining), resetMs: after - now, retryMs: 0 };
  }

  isSpent(key: string, nowMs: number): boolean {
    const now = this.#sinceEpoch(nowMs);
    return this.#fullAtOf(key, now) + this.#intervalMs * (1 - 1e-6) - now > this.options.windowMs;
  }

  #fullAtOf(key: string, now: number): number {
    const fullAt = this.#fullAt.get(key);
    if (fullAt === undefined || fullAt < now) return now;
    const latest = now + this.options.windowMs;
    if (fullAt <= latest) return fullAt;
    // A clock that was set back must not lock anybody out for longer than a window.
    this.#fullAt.set(key, latest);
    return latest;
  }

  /** Small numbers keep the fractions of a millisecond that high rates need. */
  #sinceEpoch(nowMs: number): number {
    this.#epochMs ??= nowMs;
    return nowMs - this.#epochMs;
  }
}
