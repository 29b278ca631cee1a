import type { Exchange } from '../exchange.ts';

/** One step of the pipeline: it goes on by calling `next`, answers by itself, or refuses by throwing a `Refusal`. */
export type Middleware = (exchange: Exchange, next: () => Promise<void>) => Promise<void>;

export const compose = (middlewares: readonly Middleware[]): ((exchange: Exchange) => Promise<void>) =>
  middlewares.reduceRight<(exchange: Exchange) => Promise<void>>(
    (next, middleware) => (exchange) => middleware(exchange, () => next(exchange)),
    async () => {},
  );
