import type { RequestContext, Written } from '@ashlar/telemetry';
import type { Caller } from './caller.ts';

/** What the server knows of one request and its answer, from the first hook to the last byte. */
export interface Exchange {
  readonly context: RequestContext;
  /** The messages that the client wants to see the effects of. */
  awaited: readonly Written[];
  /** The messages that this request has committed. */
  readonly written: Written[];
  caller: Caller | undefined;
  /** The answer is the stored one of an earlier request with the same Idempotency-Key. */
  replayed: boolean;
}
