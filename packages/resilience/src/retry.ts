import { setTimeout as pause } from 'node:timers/promises';
import type { Policy } from './policy.ts';
import { type RetryBudget, retryBudget } from './retry-budget.ts';
import { machine, type Random } from './surroundings.ts';
import { UnavailableError, type UnavailableReason } from './unavailable-error.ts';

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
}

export interface Retried {
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: unknown;
}

export interface RetryOptions extends BackoffOptions {
  /** All attempts, the first one included. */
  readonly attempts: number;
  readonly budget?: RetryBudget;
  readonly random?: Random;
  readonly isTransient?: (error: unknown) => boolean;
  readonly onRetry?: (retried: Retried) => void;
}

const TRANSIENT: ReadonlySet<UnavailableReason> = new Set(['timeout', 'network', 'bad_answer', 'status']);

/** Whether another attempt may help: not while the breaker is open or the bulkhead full, and not after a refusal. */
export const isTransient = (error: unknown): boolean =>
  error instanceof UnavailableError && TRANSIENT.has(error.reason);

/** Anywhere between nothing and the back-off (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter). */
export const fullJitter = ({ baseMs, maxMs }: BackoffOptions, attempt: number, random: Random): number =>
  random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));

/** Tries again after transient failures while the budget lasts, with full jitter. For work that may be done twice. */
export function retry(options: RetryOptions): Policy {
  const { attempts, budget = retryBudget(), random = machine.random, onRetry } = options;
  const mayHelp = options.isTransient ?? isTransient;

  return async (work, signal = new AbortController().signal) => {
    budget.deposit();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(signal);
      } catch (error) {
        if (signal.aborted || attempt >= attempts || !mayHelp(error) || !budget.withdraw()) throw error;
        const delayMs = fullJitter(options, attempt, random);
        onRetry?.({ attempt, delayMs, error });
        await backOff(delayMs, signal);
      }
    }
  };
}

/** This timer keeps the process alive, unlike the others: a call that waits for its next attempt is unfinished work. */
async function backOff(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(delayMs, undefined, { signal });
  } catch {
    throw signal.reason;
  }
}
