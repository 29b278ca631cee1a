import type { Freshness } from '@ashlar/domain';
import type { FastifyRequest } from 'fastify';
import type { Caller } from './caller.ts';
import type { Exchange } from './exchange.ts';
import type { KeyedAnswers } from './idempotency/keyed-answers.ts';
import type { Refuses } from './refusals.ts';

/** Who may call a route: anyone, anyone with a token, or administrators. */
export type Access = 'public' | 'user' | 'admin';

/**
 * How a route honours `Idempotency-Key`: `true` stores its whole answer in the transaction of its writes, a function
 * does so for callers without a token (it answers who asks), and `'by-resource'` is for handlers with `answerOnce`.
 */
export type Idempotency = true | 'by-resource' | ((request: FastifyRequest) => string | Promise<string>);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Required on every route: a route that does not say who may call it is refused when it is registered. */
    access?: Access;
    idempotent?: Idempotency;
    /** Whose personal data the answer holds: under an `Idempotency-Key` it is kept sealed, for as long as they stay. */
    about?: (answer: unknown) => string | undefined;
    /** The errors of its own that a client may meet, for the description of the API: `{ sku_taken: 'conflict' }`. */
    refuses?: Refuses;
    /** A route of the server itself: no trace, no access log, still answered while the server closes. */
    probe?: boolean;
  }

  interface FastifyRequest {
    /** The owner of the token. Throws `unauthenticated` where a public route was called without one. */
    readonly caller: Caller;
    readonly callerIfAny: Caller | undefined;
    /** How new the data have to be that answer it. */
    readonly freshness: Freshness;
    exchange: Exchange;
    /** Set by a hook of an `idempotent` route: thrown in place of the handler, and kept under the request's key. */
    invalid?: Error | undefined;
  }

  interface FastifyInstance {
    /** Logs what went wrong after the answer had begun. */
    reportFailure(request: FastifyRequest, error: unknown): void;
    keyedAnswers: KeyedAnswers | undefined;
    /** What the service's own `errors` makes of an error. */
    translateError(error: unknown): unknown;
    /** Ends when the server drains; event streams end with it. */
    draining: AbortSignal;
  }
}
