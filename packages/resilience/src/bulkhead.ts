import type { Policy } from './policy.ts';
import { UnavailableError } from './unavailable-error.ts';

export interface BulkheadOptions {
  readonly concurrent: number;
  readonly queue: number;
}

/** What one dependency may occupy of us: so many calls at once, so many waiting, and the rest turned away. */
export interface Bulkhead {
  readonly policy: Policy;
  readonly running: number;
  readonly waiting: number;
}

export function bulkhead({ name, concurrent, queue }: BulkheadOptions & { readonly name: string }): Bulkhead {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async (signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted();
    if (running < concurrent) {
      running += 1;
      return;
    }
    if (waiting.length >= queue) throw new UnavailableError(name, 'overloaded');
    await turn(waiting, signal);
  };

  // The place is handed over, not freed and taken again: a newcomer cannot overtake who waits.
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };

  return {
    policy: async (work, signal) => {
      await enter(signal);
      try {
        return await work(signal ?? new AbortController().signal);
      } finally {
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return waiting.length;
    },
  };
}

/** Waits for a place, or leaves the queue when the signal is aborted. */
function turn(waiting: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const take = (): void => {
      signal?.removeEventListener('abort', abandon);
      resolve();
    };
    const abandon = (): void => {
      waiting.splice(waiting.indexOf(take), 1);
      reject(signal?.reason);
    };
    waiting.push(take);
    signal?.addEventListener('abort', abandon, { once: true });
  });
}
