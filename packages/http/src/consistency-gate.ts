import { DomainError } from '@ashlar/domain';
import type { Written } from '@ashlar/telemetry';

/** Holds a request back until this service has seen what its Consistency-Token names. */
export interface ConsistencyGate {
  /** Whether everything was reached in time. */
  reached(written: readonly Written[], timeoutMs: number): Promise<boolean>;
}

/** What the gate needs of a consumer: which channels it follows, and when it has handled a message of one. */
export interface Follower {
  readonly channels: readonly string[];
  reached(
    line: { readonly channel: string; readonly key: string },
    sequence: number,
    signal?: AbortSignal,
  ): Promise<void>;
}

/** The gate of a service: its consumers. What none of them follows is not kept here, so nothing waits for it. */
export function consistencyGate(followers: readonly Follower[]): ConsistencyGate {
  return {
    async reached(written, timeoutMs) {
      const given = AbortSignal.timeout(timeoutMs);
      const waits = written.flatMap(({ channel, key, sequence }) =>
        followers
          .filter(({ channels }) => channels.includes(channel))
          .map((follower) => follower.reached({ channel, key }, sequence, given)),
      );
      if (waits.length === 0) return true;
      const tooLate = Promise.withResolvers<false>();
      given.addEventListener('abort', () => tooLate.resolve(false), { once: true });
      const all = Promise.all(waits).then(() => !given.aborted);
      return Promise.race([all, tooLate.promise]);
    },
  };
}

const PATIENCE_MS = 2_000;

/** Waits for what the client has caused before; 503 `consistency_timeout` past two seconds. */
export async function awaitWritten(gate: ConsistencyGate, written: readonly Written[]): Promise<void> {
  if (written.length === 0 || (await gate.reached(written, PATIENCE_MS))) return;
  const sentence = 'What the Consistency-Token names has not arrived here yet; try again, or without it.';
  throw new DomainError('consistency_timeout', 'unavailable', sentence);
}
