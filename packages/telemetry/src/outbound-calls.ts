import { Durations } from './durations.ts';
import { currentContext, runInContext } from './request-context.ts';
import type { Telemetry } from './telemetry.ts';
import { formatTraceparent } from './trace-context.ts';

/** Somebody outside whom we call over HTTP. */
export interface Dependency {
  readonly name: string;
  readonly origin: string;
}

interface Attempt {
  readonly method: string;
  readonly path: string;
  /** 1 the first time. */
  readonly attempt: number;
}

type Ended = { readonly type: 'finished'; readonly outcome: string; readonly durationMs: number };

/** What an HTTP client asks for so that its calls are seen. */
export interface OutboundCalls {
  around<A extends { readonly status: number }>(attempt: Attempt, send: () => Promise<A>): Promise<A>;
  headers(): Readonly<Record<string, string>>;
  onEvent(event: Ended | { readonly type: string }): void;
}

/**
 * Makes calls to a dependency outside visible: each attempt is a client span whose context goes with the request
 * (W3C Trace Context), and each call, with all its attempts and pauses, is counted by how it ended.
 */
export function outboundCalls(telemetry: Telemetry, dependency: Dependency): OutboundCalls {
  const durations = callDurations(telemetry);
  return {
    around: (attempt, send) => inClientSpan(telemetry, { ...attempt, ...dependency }, send),
    headers: traceHeaders,
    onEvent(event) {
      if (!isFinished(event)) return;
      durations.of(dependency.name, event.outcome).observe(event.durationMs / 1_000);
    },
  };
}

const isFinished = (event: { readonly type: string }): event is Ended => event.type === 'finished';

/** A refusal (4xx) is an answer. What fails is what has no answer, or one from 500 on: the client throws at both. */
async function inClientSpan<A extends { readonly status: number }>(
  { tracing }: Telemetry,
  { name, origin, method, path, attempt }: Dependency & Attempt,
  send: () => Promise<A>,
): Promise<A> {
  const { hostname, port, protocol } = new URL(origin);
  const attributes = {
    'peer.service': name,
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    'http.request.method': method,
    'url.path': path,
    ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
  };
  const span = tracing.begin({ name: `${method} ${name}`, kind: 'client', attributes });
  try {
    const answer = await runInContext(span.context, send);
    span.end(undefined, { 'http.response.status_code': answer.status });
    return answer;
  } catch (error) {
    span.end(error);
    throw error;
  }
}

/** The ambient context, for whoever is called. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const { trace } = currentContext() ?? {};
  if (!trace) return {};
  return { traceparent: formatTraceparent(trace), ...(trace.traceState && { tracestate: trace.traceState }) };
}

const families = new WeakMap<Telemetry['metrics'], Durations<'client' | 'outcome'>>();

/** One family for all clients of a service. */
function callDurations({ metrics }: Telemetry): Durations<'client' | 'outcome'> {
  const known = families.get(metrics);
  if (known) return known;
  const durations = Durations.in(metrics, {
    name: 'http_client_call_duration_seconds',
    help: 'Time of calls to the outside, with all their attempts, by how they ended.',
    labels: ['client', 'outcome'],
  });
  families.set(metrics, durations);
  return durations;
}
