import Opossum from 'opossum';
import { type Policy, untilAborted, type Work } from './policy.ts';
import { UnavailableError } from './unavailable-error.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** The share of failed calls, 0..1, at which the breaker opens. */
  readonly errorRate: number;
  /** How many calls the window must hold before their share means anything. */
  readonly volume: number;
  readonly windowMs: number;
  readonly openMs: number;
}

export interface CircuitBreakerOptions extends BreakerOptions {
  readonly name: string;
  /** What counts against the dependency; every error, unless told otherwise. */
  readonly isFailure?: (error: unknown) => boolean;
  readonly onStateChange?: (state: BreakerState) => void;
}

/** Leaves a failing dependency alone for a while, then lets one call find out whether it is back. */
export interface CircuitBreaker {
  readonly policy: Policy;
  readonly state: BreakerState;
  readonly failureRate: number;
  close(): void;
}

export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { name, isFailure = () => true, onStateChange } = options;
  const breaker: Opossum<[Work<unknown>, AbortSignal]> = new Opossum(untilAborted<unknown>, {
    ...opossumOptions(options),
    // opossum hands the call's arguments to its filter, which its types leave out.
    errorFilter: (error: unknown, _work?: Work<unknown>, signal?: AbortSignal) => {
      // A probe that its caller cancelled has proved nothing; as a success it would close the breaker.
      if (isCancelled(error, signal)) return !breaker.halfOpen;
      return !isFailure(error);
    },
  });

  breaker.on('open', () => onStateChange?.('open'));
  breaker.on('halfOpen', () => onStateChange?.('half-open'));
  breaker.on('close', () => {
    forget(breaker);
    onStateChange?.('closed');
  });

  return {
    policy: async <T>(work: Work<T>, signal: AbortSignal = new AbortController().signal) => {
      try {
        return (await breaker.fire(work, signal)) as T;
      } catch (error) {
        throw error instanceof Error && Opossum.isOurError(error) ? new UnavailableError(name, 'open') : error;
      }
    },
    get state() {
      if (breaker.closed) return 'closed';
      return breaker.halfOpen ? 'half-open' : 'open';
    },
    get failureRate() {
      const { failures, successes } = breaker.stats;
      return failures === 0 ? 0 : failures / (failures + successes);
    },
    close: () => breaker.shutdown(),
  };
}

const opossumOptions = ({ name, errorRate, volume, windowMs, openMs }: CircuitBreakerOptions): Opossum.Options => ({
  name,
  // opossum's own time-out aborts one controller for all calls; ours is a policy, with a signal per call.
  timeout: false,
  // opossum opens above the threshold only, so that 100 % would mean never.
  errorThresholdPercentage: errorRate * 100 - 0.001,
  volumeThreshold: volume,
  rollingCountTimeout: windowMs,
  resetTimeout: openMs,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
});

const isCancelled = (error: unknown, signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true && error === signal.reason && !(error instanceof UnavailableError);

/** opossum keeps its window over a recovery: old failures would open it again, old rejections would hide new ones. */
function forget(breaker: Opossum<[Work<unknown>, AbortSignal]>): void {
  for (const bucket of breaker.status.window)
    Object.assign(bucket, { fires: 0, failures: 0, successes: 0, rejects: 0 });
}
