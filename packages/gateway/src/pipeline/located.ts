import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import type { Router } from '../routing/router.ts';
import { parseTarget } from '../routing/target.ts';
import { framingFault } from '../wire/framing.ts';
import type { Middleware } from './middleware.ts';

/** Finds out what is asked for. It comes before the span, so that the span has a name; it refuses inside it. */
export const located =
  (router: Router): Middleware =>
  (exchange, next) => {
    exchange.malformed ??= framingFault(exchange.request) ?? locate(exchange, router);
    return next();
  };

function locate(exchange: Exchange, router: Router): Refusal | undefined {
  try {
    exchange.target = parseTarget(exchange.request.url ?? '');
    exchange.match = router.find(exchange.target.path);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Refuses what could be understood in two ways before anybody looks at it. */
export const wellFormed: Middleware = (exchange, next) => {
  if (!exchange.malformed) return next();
  exchange.isLast = true;
  throw exchange.malformed;
};
