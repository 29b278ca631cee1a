import { nextSpan, parseTraceparent, type RequestContext, type Tracing } from '@ashlar/telemetry';
import type { Exchange } from '../exchange.ts';
import type { Middleware } from './middleware.ts';
import { isProbe } from './probed.ts';

/**
 * A span of our own around everything, a child of the client's. An answer from 500 on marks it as failed. The context
 * is entered only where something looks for it (`exchange.within`): most requests pass nothing of that kind. Probes
 * have no span: a balancer that asks an unready gateway ten times a second is no failure.
 */
export const traced =
  (tracing: Tracing): Middleware =>
  (exchange, next) => {
    if (isProbe(exchange)) {
      exchange.context = unrecorded();
      return next(exchange);
    }
    const span = tracing.begin(spanOf(exchange), parentOf(exchange, tracing));
    exchange.context = span.context;
    exchange.response.onceDone(() => span.end(failureOf(exchange)));
    return next(exchange);
  };

function unrecorded(): RequestContext {
  const trace = { ...nextSpan(), sampled: false };
  return { trace, correlationId: trace.traceId };
}

const failureOf = ({ response: { status } }: Exchange): string | undefined =>
  status >= 500 ? `answered ${status}` : undefined;

function spanOf({ method, match, target }: Exchange) {
  const route = match?.endpoint.pattern ?? 'unmatched';
  const attributes = { 'http.request.method': method, 'http.route': route, 'url.path': target?.path ?? '' };
  const span = { name: `${method} ${route}`, kind: 'server', attributes } as const;
  return route.startsWith('/ops/') ? ({ ...span, sampled: false } as const) : span;
}

function parentOf({ request: { headers } }: Exchange, tracing: Tracing): RequestContext | undefined {
  const traceparent = headers.get('traceparent');
  if (traceparent === undefined) return undefined;
  const trace = parseTraceparent(traceparent, headers.get('tracestate'));
  return trace && { trace: tracing.ofStranger(trace), correlationId: trace.traceId };
}
