import { type MonotonicNow, machine } from './surroundings.ts';

export interface RetryBudgetOptions {
  readonly ratio?: number;
  readonly minPerSecond?: number;
  readonly now?: MonotonicNow;
}

/** How many retries all calls to one dependency may spend together, so that retries never become a storm. */
export interface RetryBudget {
  /** A first attempt pays in. */
  deposit(): void;
  /** Whether there is a retry left; it is spent by asking. */
  withdraw(): boolean;
}

const RESERVE_SECONDS = 10;

/** 20 % of the calls and 3 a second: a token bucket after Finagle (finagle.github.io/blog/2016/02/08/retry-budgets). */
export function retryBudget({
  ratio = 0.2,
  minPerSecond = 3,
  now = machine.now,
}: RetryBudgetOptions = {}): RetryBudget {
  // Tokens that nobody uses do not pile up for hours: the bucket holds what ten quiet seconds earn, and at least one.
  const capacity = Math.max(1, minPerSecond * RESERVE_SECONDS);
  let tokens = minPerSecond;
  let filledAt = now();

  const refill = (): void => {
    const at = now();
    tokens = Math.min(capacity, tokens + ((at - filledAt) / 1000) * minPerSecond);
    filledAt = at;
  };

  return {
    deposit() {
      tokens = Math.min(capacity, tokens + ratio);
    },
    withdraw() {
      refill();
      // Five deposits of 0.2 are a little less than 1 in floating point.
      if (tokens < 1 - 1e-9) return false;
      tokens -= 1;
      return true;
    },
  };
}
