import type { Freshness } from '@ashlar/domain';
import type { RequestContext, Written } from '@ashlar/telemetry';
import type { Caller } from './caller.ts';
import type { ConsistencyToken } from './consistency/consistency-token.ts';

/** What the server knows of one request and its answer, from the first hook to the last byte. */
export interface Exchange {
  readonly context: RequestContext;
  /** What the client wants to see the effects of. */
  awaited: ConsistencyToken | undefined;
  /** How new that has to be which is read for it: any, where it brings no Consistency-Token. */
  freshness: Freshness;
  /** The messages that this request has committed. */
  readonly written: Written[];
  caller: Caller | undefined;
  /** The answer is the stored one of an earlier request with the same Idempotency-Key. */
  replayed: boolean;
}
