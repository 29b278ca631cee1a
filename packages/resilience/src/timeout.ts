import { type Policy, untilAborted } from './policy.ts';
import { UnavailableError } from './unavailable-error.ts';

export interface TimeoutOptions {
  readonly name: string;
  readonly timeoutMs: number;
}

/** Ends the work with `timeout` once its time is up. Every call has a signal of its own. */
export function timeout({ name, timeoutMs }: TimeoutOptions): Policy {
  return async (work, signal) => {
    const call = new AbortController();
    const timer = setTimeout(() => call.abort(new UnavailableError(name, 'timeout')), timeoutMs);
    timer.unref();
    const passOn = (): void => call.abort(signal?.reason);
    if (signal?.aborted) passOn();
    signal?.addEventListener('abort', passOn, { once: true });
    try {
      return await untilAborted(work, call.signal);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', passOn);
    }
  };
}
