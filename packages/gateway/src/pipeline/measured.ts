import type { Exchange } from '../exchange.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Middleware } from './middleware.ts';

const CLIENT_GONE = 499;

/** Counts the request by its route and outcome. */
export const measured =
  (metrics: GatewayMetrics): Middleware =>
  async (exchange, next) => {
    const startedAt = performance.now();
    await next();
    metrics.finished(exchange, { status: statusOf(exchange), seconds: (performance.now() - startedAt) / 1000 });
  };

const statusOf = ({ isGone, response }: Exchange): number =>
  isGone && !response.writableFinished ? CLIENT_GONE : response.statusCode;
