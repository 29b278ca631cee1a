import { retryBudget } from '@ashlar/resilience';
import { formatTraceparent, type Logger } from '@ashlar/telemetry';
import type { Exchange } from '../exchange.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { Refusal, unavailable } from '../refusal.ts';
import type { ProxyRoute } from '../routing/route.ts';
import { inwardHeaders } from '../wire/headers.ts';
import { Relay } from './relay.ts';
import { type Replica, Replicas } from './replicas.ts';
import { type Upstream, UpstreamFailure } from './upstream.ts';

export interface ForwarderOptions {
  readonly upstreams: readonly Upstream[];
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
}

interface Call {
  readonly exchange: Exchange;
  readonly route: ProxyRoute;
  readonly replicas: Replicas;
  readonly headers: string[];
  /** Whether it does no harm to send it twice. */
  readonly isRepeatable: boolean;
  readonly deadlineAt: number;
}

const TIMEOUT_MS = 30_000;

/** Lets services answer. A call whose connection failed is sent once more, if that is safe and the budget allows it. */
export class Forwarder {
  readonly #services: ReadonlyMap<string, Replicas>;
  readonly #budget = retryBudget();
  readonly #streams = new Set<Relay>();

  constructor(private readonly options: ForwarderOptions) {
    this.#services = new Map(options.upstreams.map((upstream) => [upstream.name, new Replicas(upstream)]));
  }

  async forward(exchange: Exchange, route: ProxyRoute): Promise<void> {
    const call = this.#callOf(exchange, route);
    const replica = call.replicas.next();
    if (!replica) throw unavailable('The service is away at the moment.');
    this.#budget.deposit();
    try {
      await this.#attempt(call, replica);
    } catch (failure) {
      const other = this.#secondChoice(call, { failure, replica });
      if (!other) throw refusalFor(failure, call);
      this.options.metrics.retried(route.upstream);
      await this.#attempt(call, other).catch((again) => Promise.reject(refusalFor(again, call)));
    }
  }

  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#services.values()].map((replicas) => replicas.close()));
  }

  #callOf(exchange: Exchange, route: ProxyRoute): Call {
    return {
      exchange,
      route,
      replicas: this.#services.get(route.upstream)!,
      headers: headersOf(exchange),
      isRepeatable: isRepeatable(exchange, route),
      deadlineAt: performance.now() + (route.timeoutMs ?? TIMEOUT_MS),
    };
  }

  async #attempt(call: Call, replica: Replica): Promise<void> {
    const { exchange, route, headers } = call;
    if (exchange.isGone) return;
    const stream = route.stream === true && exchange.method === 'GET';
    const timeoutMs = Math.max(1, call.deadlineAt - performance.now());
    const relay = new Relay(exchange, { origin: replica.origin, timeoutMs, stream });
    if (stream) this.#streams.add(relay);
    const { path, query } = exchange.target!;
    const request = { path: path + query, method: exchange.method, headers, body: exchange.body ?? null };
    const timeouts = { headersTimeout: 0, bodyTimeout: stream ? 0 : (route.timeoutMs ?? TIMEOUT_MS) };
    (stream ? replica.streams : replica.pool).dispatch({ ...request, ...timeouts }, relay);
    try {
      await relay.settled;
      call.replicas.upstream.observed?.(replica.origin, 'answered');
    } catch (failure) {
      this.#note(failure, call, replica);
      throw failure;
    } finally {
      this.#streams.delete(relay);
    }
  }

  #note(failure: unknown, { route, replicas, exchange }: Call, { origin }: Replica): void {
    if (!(failure instanceof UpstreamFailure)) return;
    const { metrics, log } = this.options;
    metrics.upstreamFailed(route.upstream, failure.kind);
    replicas.upstream.observed?.(origin, failure.kind);
    log.warn(
      {
        upstream: route.upstream,
        replica: origin,
        kind: failure.kind,
        cause: String(failure.cause ?? ''),
        requestId: exchange.requestId,
      },
      'a service did not answer',
    );
  }

  #secondChoice(call: Call, { failure, replica }: { failure: unknown; replica: Replica }): Replica | undefined {
    if (!(failure instanceof UpstreamFailure) || call.exchange.isGone) return undefined;
    const wasNeverSent = failure.kind === 'unreachable';
    if (!wasNeverSent && !(failure.kind === 'reset' && call.isRepeatable)) return undefined;
    const other = call.replicas.next(replica);
    return other && this.#budget.withdraw() ? other : undefined;
  }
}

const isRepeatable = ({ method, request }: Exchange, { idempotent }: ProxyRoute): boolean =>
  method === 'GET' ||
  method === 'HEAD' ||
  (method === 'POST' && idempotent !== false && request.headers['idempotency-key'] !== undefined);

function headersOf({ request, requestId, client, trace, token, body }: Exchange): string[] {
  const headers = inwardHeaders(request.headers);
  headers.push('x-request-id', requestId, 'x-forwarded-for', client.address, 'x-forwarded-proto', client.scheme);
  if (request.headers.host !== undefined) headers.push('x-forwarded-host', request.headers.host);
  if (trace) headers.push('traceparent', formatTraceparent(trace));
  if (trace?.traceState) headers.push('tracestate', trace.traceState);
  if (token !== undefined) headers.push('authorization', `Bearer ${token}`);
  if (body) headers.push('content-type', 'application/json');
  return headers;
}

function refusalFor(failure: unknown, { isRepeatable }: Call): unknown {
  if (!(failure instanceof UpstreamFailure)) return failure;
  if (failure.kind === 'timeout') {
    return new Refusal(504, 'upstream_timeout', { detail: 'The service did not answer in time.' });
  }
  const mayComeBack = failure.kind === 'unreachable' || (failure.kind === 'reset' && isRepeatable);
  if (mayComeBack) return unavailable('The service is away at the moment.');
  return new Refusal(502, 'upstream_failed', {
    detail: 'The service broke off. It is not known whether it did what was asked.',
  });
}
