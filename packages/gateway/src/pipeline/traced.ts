import { currentContext, parseTraceparent, type RequestContext, type Tracing } from '@ashlar/telemetry';
import type { Exchange } from '../exchange.ts';
import type { Middleware } from './middleware.ts';

/** A span of our own around everything, a child of the client's. An answer from 500 on marks it as failed. */
export const traced =
  (tracing: Tracing): Middleware =>
  async (exchange, next) => {
    const work = async (): Promise<void> => {
      exchange.trace = currentContext()?.trace;
      await next();
      if (exchange.response.statusCode >= 500) throw new FailedAnswer(`answered ${exchange.response.statusCode}`);
    };
    try {
      await tracing.span(spanOf(exchange), work, parentOf(exchange));
    } catch (error) {
      if (!(error instanceof FailedAnswer)) throw error;
    }
  };

class FailedAnswer extends Error {}

function spanOf({ method, match, target }: Exchange) {
  const route = match?.endpoint.pattern ?? 'unmatched';
  const attributes = { 'http.request.method': method, 'http.route': route, 'url.path': target?.path ?? '' };
  return { name: `${method} ${route}`, kind: 'server', attributes } as const;
}

function parentOf({ request: { headers } }: Exchange): RequestContext | undefined {
  if (headers['traceparent'] === undefined) return undefined;
  const trace = parseTraceparent(String(headers['traceparent']), headers['tracestate']?.toString());
  return trace && { trace, correlationId: trace.traceId };
}
