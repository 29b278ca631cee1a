import { Counter, Gauge, Histogram, type Registry } from '@ashlar/telemetry';
import type { Exchange } from './exchange.ts';

export interface Finished {
  readonly status: number;
  readonly seconds: number;
}

/** What is counted at the gateway. */
export interface GatewayMetrics {
  finished(exchange: Exchange, outcome: Finished): void;
  limited(limit: string): void;
  upstreamFailed(upstream: string, kind: string): void;
  retried(upstream: string): void;
  readonly inFlight: { inc(): void; dec(): void };
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'gateway_requests_total',
    help: 'Requests by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'gateway_request_duration_seconds',
    help: 'Time from the request to the end of the answer.',
    labelNames: ['route', 'method'],
    buckets: BUCKETS,
    registers,
  });
  const limited = new Counter({
    name: 'gateway_rate_limited_total',
    help: 'Requests refused by a rate limit.',
    labelNames: ['limit'],
    registers,
  });
  const failures = new Counter({
    name: 'gateway_upstream_failures_total',
    help: 'Calls that a service did not answer.',
    labelNames: ['upstream', 'kind'],
    registers,
  });
  const retries = new Counter({
    name: 'gateway_upstream_retries_total',
    help: 'Calls sent again after a failed connection.',
    labelNames: ['upstream'],
    registers,
  });
  const inFlight = new Gauge({ name: 'gateway_requests_in_flight', help: 'Requests being answered.', registers });
  const series = remembered((key) => seriesOf(key, { requests, durations }));

  return {
    finished(exchange, { status, seconds }) {
      const route = exchange.match?.endpoint.pattern ?? 'unmatched';
      const method = exchange.match ? exchange.method : 'any';
      const { count, duration } = series(`${route} ${method} ${status}`);
      count.inc();
      duration.observe(seconds);
    },
    limited: (limit) => limited.inc({ limit }),
    upstreamFailed: (upstream, kind) => failures.inc({ upstream, kind }),
    retried: (upstream) => retries.inc({ upstream }),
    inFlight,
  };
}

interface Families {
  readonly requests: Counter<'route' | 'method' | 'status'>;
  readonly durations: Histogram<'route' | 'method'>;
}

function seriesOf(key: string, { requests, durations }: Families) {
  const [route = '', method = '', status = ''] = key.split(' ');
  return { count: requests.labels({ route, method, status }), duration: durations.labels({ route, method }) };
}

/** Looking a series up by its labels costs more than counting: each is looked up once. */
function remembered<T>(find: (key: string) => T): (key: string) => T {
  const found = new Map<string, T>();
  return (key) => {
    const known = found.get(key) ?? find(key);
    found.set(key, known);
    return known;
  };
}
