/** What a limit says to one request. */
export interface Verdict {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Until the whole quota is there again. */
  readonly resetMs: number;
  /** Until the next request is allowed; 0 for one that is. */
  readonly retryMs: number;
}

export interface Quota {
  readonly quota: number;
  readonly windowMs: number;
  /** How many callers are remembered. */
  readonly keys: number;
}

/** Counts the requests of each key. A refused request is not counted. */
export interface Limiter {
  take(key: string, nowMs: number): Verdict;
  /** Whether the next request would be refused. */
  isSpent(key: string, nowMs: number): boolean;
}
