import type { Ids } from '@ashlar/domain';
import {
  contextOrNew,
  Durations,
  parseTraceparent,
  type RequestContext,
  runInContext,
  type Telemetry,
  type Written,
} from '@ashlar/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Exchange } from './exchange.ts';
import { pathOf } from './request-path.ts';

const VISIBLE = /^[\x21-\x7e]{1,128}$/;

/** The gateway's id of the request, or a new one. */
export const requestIdOf = (ids: Ids) => (headers: { readonly [name: string]: unknown }) => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && VISIBLE.test(given) ? given : ids.next();
};

/** Runs each request inside its trace, and tells of it when it has ended: a span, a line of the log, a metric. */
export function traceRequests(http: FastifyInstance, telemetry: Telemetry): void {
  const durations = requestDurations(telemetry);
  http.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    const ended = endOf(reply);
    if (request.routeOptions.config.probe) {
      request.exchange = newExchange(contextOrNew());
      return done();
    }
    const startedAt = performance.now();
    const span = { name: spanName(request), kind: 'server', attributes: attributesOf(request) } as const;
    const work = async () => {
      request.exchange = newExchange(contextOrNew());
      runInContext(request.exchange.context, done);
      await ended;
      const seconds = (performance.now() - startedAt) / 1_000;
      durations.of(methodOf(request), routeOf(request), String(reply.statusCode)).observe(seconds);
      logAccess(telemetry, request, { reply, seconds });
      // A span tells of a failure by the error that ends it.
      if (reply.statusCode >= 500) throw new Error(`Status ${reply.statusCode}`);
    };
    telemetry.tracing.span(span, work, incomingContext(request)).catch(() => {});
  });
}

function newExchange(ambient: RequestContext): Exchange {
  const written: Written[] = [];
  const context = { ...ambient, onWritten: (more: readonly Written[]) => void written.push(...more) };
  return { context, awaited: undefined, freshness: 'any', written, caller: undefined, replayed: false };
}

function incomingContext({ headers }: FastifyRequest): RequestContext | undefined {
  const state = headers['tracestate'];
  const trace = parseTraceparent(headers['traceparent'] as string | undefined, state ? String(state) : undefined);
  return trace && { trace, correlationId: trace.traceId };
}

/** Resolves when the last byte has left, or the client has. */
function endOf({ raw }: FastifyReply): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  raw.once('finish', resolve);
  raw.once('close', resolve);
  return promise;
}

const routeOf = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? 'unknown';

const spanName = (request: FastifyRequest): string => `${request.method} ${routeOf(request)}`;

const attributesOf = (request: FastifyRequest) => ({
  'http.request.method': request.method,
  'http.route': routeOf(request),
  'url.path': pathOf(request),
});

/** Where there is no route, clients have chosen the method: they may have thirty to choose from. */
const methodOf = (request: FastifyRequest): string => (request.routeOptions.url ? request.method : 'any');

const requestDurations = ({ metrics }: Telemetry) =>
  Durations.in(metrics, {
    name: 'http_server_request_duration_seconds',
    help: 'Time from the request to the last byte of its answer.',
    labels: ['method', 'route', 'status'],
  });

/** Paths and numbers only: no header, query or body comes near the log. */
function logAccess({ log }: Telemetry, request: FastifyRequest, ended: { reply: FastifyReply; seconds: number }): void {
  const { statusCode: status, raw } = ended.reply;
  const line = {
    requestId: request.id,
    method: request.method,
    path: pathOf(request),
    status,
    ms: Math.round(ended.seconds * 1_000_000) / 1_000,
    ...(request.exchange.caller && { callerId: request.exchange.caller.id }),
    ...(!raw.writableFinished && { aborted: true }),
  };
  if (status >= 500) log.warn(line, 'request');
  else log.debug(line, 'request');
}
