import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import type { Router } from '../routing/router.ts';
import { parseTarget, pathOf } from '../routing/target.ts';
import type { Middleware } from './middleware.ts';

/** Finds out what is asked for. It comes before the span, so that the span has a name; it refuses inside it. */
export const located =
  (router: Router): Middleware =>
  (exchange, next) => {
    exchange.malformed ??= locate(exchange, router);
    return next(exchange);
  };

function locate(exchange: Exchange, router: Router): Refusal | undefined {
  try {
    const host = exchange.request.headers.get('host');
    exchange.target = parseTarget(pathOf(exchange.request.target, host));
    exchange.match = router.find(exchange.target.path, host);
    const endpoint = exchange.match?.endpoint;
    exchange.route = endpoint?.routeFor(exchange.method, exchange.request.headers);
    if (endpoint?.versions) exchange.extraHeaders.push('vary', endpoint.versions.vary);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Refuses what could be understood in two ways before anybody looks at it. */
export const wellFormed: Middleware = (exchange, next) => {
  if (!exchange.malformed) return next(exchange);
  exchange.isLast = true;
  throw exchange.malformed;
};
