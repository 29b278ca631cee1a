import { performance } from 'node:perf_hooks';
import type { Exchange } from '../exchange.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Middleware } from './middleware.ts';

const CLIENT_GONE = 499;

/** Counts the request by its route and outcome, when its answer is whole or its client gone. */
export const measured =
  (metrics: GatewayMetrics): Middleware =>
  (exchange, next) => {
    const startedAt = performance.now();
    exchange.response.onceDone((atMs) => {
      metrics.finished(exchange, { status: statusOf(exchange), seconds: (atMs - startedAt) / 1000, atMs });
    });
    return next(exchange);
  };

const statusOf = ({ isGone, response }: Exchange): number =>
  isGone && !response.isFinished ? CLIENT_GONE : response.status;
