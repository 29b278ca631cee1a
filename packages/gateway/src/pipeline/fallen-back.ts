import type { Exchange } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import { type Fallback, isLocal } from '../routing/route.ts';
import type { Middleware } from './middleware.ts';

/** Answers what the route says in place of a service that is away, fails or takes too long. */
export const fallenBack: Middleware = (exchange, next) => {
  const { route } = exchange;
  if (!route || isLocal(route) || !route.fallback) return next(exchange);
  const { fallback } = route;
  return next(exchange)?.catch((error: unknown) => standIn(exchange, fallback, error));
};

function standIn(exchange: Exchange, { status = 200, body }: Fallback, error: unknown): void {
  const isAway = error instanceof Refusal && error.code.startsWith('upstream_');
  if (!isAway || exchange.response.hasBegun || exchange.isGone) throw error;
  exchange.send({ status, body, headers: { 'cache-control': 'no-store' } });
}
