import { Refusal } from '../refusal.ts';
import { isLocal } from '../routing/route.ts';
import type { Middleware } from './middleware.ts';

/**
 * Keeps the number of requests under way within a bound: past it the gateway would answer everybody late instead of
 * some at once. Endless answers do not count, nor what the gateway answers itself, such as the operations.
 */
export function shed(maxConcurrent: number, onShed: () => void): Middleware {
  let underWay = 0;
  return (exchange, next) => {
    const { route } = exchange;
    if (!route || isLocal(route) || route.stream || route.upgrade) return next(exchange);
    if (underWay >= maxConcurrent) {
      onShed();
      throw new Refusal(503, 'overloaded', {
        detail: 'There is too much to do at the moment. Try again soon.',
        headers: { 'retry-after': '1' },
      });
    }
    underWay += 1;
    exchange.response.onceDone(() => {
      underWay -= 1;
    });
    return next(exchange);
  };
}
