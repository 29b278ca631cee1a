import type { Exchange } from '../exchange.ts';

/** Undefined when nothing has to be waited for: then nothing waits, which most requests owe their speed to. */
export type Waiting = Promise<void> | undefined;

export type Next = (exchange: Exchange) => Waiting;

/** One step of the pipeline: it goes on by calling `next`, answers by itself, or refuses by throwing a `Refusal`. */
export type Middleware = (exchange: Exchange, next: Next) => Waiting;

export const compose = (middlewares: readonly Middleware[]): Next =>
  middlewares.reduceRight<Next>(
    (next, middleware) => (exchange) => middleware(exchange, next),
    () => undefined,
  );
