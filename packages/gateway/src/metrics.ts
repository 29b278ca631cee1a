import { Counter, Gauge, type Registry } from '@ashlar/telemetry';
import type { Exchange } from './exchange.ts';
import { RequestSeries } from './request-series.ts';

export interface Finished {
  readonly status: number;
  readonly seconds: number;
  readonly atMs: number;
}

/** What is counted at the gateway. */
export interface GatewayMetrics {
  finished(exchange: Exchange, outcome: Finished): void;
  limited(limit: string): void;
  shed(): void;
  upstreamFailed(upstream: string, kind: string): void;
  retried(upstream: string): void;
  /** How many requests are being answered. */
  readonly inFlight: { value: number };
}

export function createMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  const requests = new RequestSeries(registry);
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

  return {
    finished(exchange, { status, seconds, atMs }) {
      const route = exchange.match?.endpoint.pattern ?? 'unmatched';
      const { context } = exchange;
      requests.add({ route, method: exchange.match ? exchange.method : 'any' }, { status, seconds, context, atMs });
    },
    shed: shedCounter(registers),
    limited: (limit) => limited.inc({ limit }),
    upstreamFailed: (upstream, kind) => failures.inc({ upstream, kind }),
    retried: (upstream) => retries.inc({ upstream }),
    inFlight: inFlightGauge(registers),
  };
}

/** Set when it is read. */
function inFlightGauge(registers: Registry[]) {
  const counted = { value: 0 };
  const help = 'Requests being answered.';
  const gauge: Gauge = new Gauge({
    name: 'gateway_requests_in_flight',
    help,
    registers,
    collect: () => gauge.set(counted.value),
  });
  return counted;
}

function shedCounter(registers: Registry[]): () => void {
  const shed = new Counter({ name: 'gateway_shed_total', help: 'Requests refused for overload.', registers });
  return () => shed.inc();
}
