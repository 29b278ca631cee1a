import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@ashlar/domain';
import type { TokenVerifier } from '@ashlar/http';
import type { Telemetry } from '@ashlar/telemetry';
import { Front, type Patience } from './front.ts';
import { type Limits, startLimits } from './limits/rate-limits.ts';
import { createMetrics } from './metrics.ts';
import { admitted } from './pipeline/admitted.ts';
import { answered } from './pipeline/answered.ts';
import { embodied } from './pipeline/embodied.ts';
import { identified } from './pipeline/identified.ts';
import { isSpent, limited, limitedByBody } from './pipeline/limited.ts';
import { located, wellFormed } from './pipeline/located.ts';
import { measured } from './pipeline/measured.ts';
import { compose } from './pipeline/middleware.ts';
import { performed } from './pipeline/performed.ts';
import { probed } from './pipeline/probed.ts';
import { traced } from './pipeline/traced.ts';
import { faultsOf, type LocalRoute, type Route } from './routing/route.ts';
import { Router } from './routing/router.ts';
import { Forwarder } from './upstream/forwarder.ts';
import type { Upstream } from './upstream/upstream.ts';
import { clientReader } from './wire/client-address.ts';

export interface GatewayOptions {
  readonly routes: readonly Route[];
  /** Calls that the gateway answers itself, beside the routes. */
  readonly ops?: readonly LocalRoute[];
  readonly upstreams: readonly Upstream[];
  readonly verifier: TokenVerifier;
  readonly telemetry: Telemetry;
  readonly limits: Limits;
  /** Multiplies all limits that are not fixed. */
  readonly rateLimitFactor?: number;
  /** Whether the system behind can take requests; what `/readyz` tells. */
  readonly ready: () => boolean;
  readonly clock: Clock;
  /** Addresses and networks of balancers whose forwarding headers are believed. */
  readonly trustedProxies?: readonly string[];
  readonly patience?: Patience;
  /** How long a drain waits for running requests. */
  readonly graceMs?: number;
}

/** The front door of a system. */
export interface Gateway {
  readonly url: string;
  readonly metricsUrl: string;
  listen(address: { readonly port: number; readonly host: string }): Promise<void>;
  /** Finishes what runs, ends event streams, and closes. */
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 1 << 20;
const GRACE_MS = 10_000;

export function createGateway(options: GatewayOptions): Gateway {
  const { telemetry, clock, upstreams, graceMs = GRACE_MS } = options;
  checkTable(options);
  const metrics = createMetrics(telemetry.metrics);
  const forwarder = new Forwarder({ upstreams, metrics, log: telemetry.log });
  const front: Front = new Front({
    handle: pipelineOf(options, { metrics, forwarder, isReady: () => !front.isDraining && options.ready() }),
    clientOf: clientReader(options.trustedProxies ?? []),
    clock,
    metrics,
    ...(options.patience && { patience: options.patience }),
  });
  const metricsPort = createMetricsPort(telemetry);
  let url = '';
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    const drained = front.drain(graceMs);
    forwarder.endStreams();
    await drained;
    await Promise.all([forwarder.close(), metricsPort.close()]);
  }

  return {
    get url() {
      return url;
    },
    get metricsUrl() {
      return metricsPort.url;
    },
    async listen({ port, host }) {
      await front.listen(port, host);
      url = urlOf(front.address, host);
      await metricsPort.listen();
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function checkTable({ routes, ops = [], upstreams, limits }: GatewayOptions): void {
  const known = { upstreams: upstreams.map(({ name }) => name), limits: Object.keys(limits) };
  const faults = faultsOf([...routes, ...ops], known);
  if (faults.length > 0) throw new Error(`The routing table is not right:\n${faults.join('\n')}`);
}

interface Parts {
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly forwarder: Forwarder;
  readonly isReady: () => boolean;
}

/** What happens to each request, in this order. */
function pipelineOf(options: GatewayOptions, { metrics, forwarder, isReady }: Parts) {
  const { routes, ops = [], telemetry, verifier, rateLimitFactor = 1 } = options;
  const limits = startLimits(options.limits, rateLimitFactor);
  return compose([
    measured(metrics),
    located(new Router([...routes, ...ops])),
    traced(telemetry.tracing),
    answered(telemetry.log),
    wellFormed,
    probed(isReady),
    identified(verifier, isSpent(limits)),
    limited(limits, metrics.limited),
    admitted,
    embodied(BODY_LIMIT_BYTES),
    limitedByBody(limits, metrics.limited),
    performed(forwarder),
  ]);
}

/** Metrics are for those who run the system: they are told on this machine only, on a port of their own. */
function createMetricsPort({ metrics, log }: Telemetry) {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    metrics.metrics().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'the metrics could not be told');
        response.writeHead(500).end();
      },
    );
  });
  return {
    get url() {
      return server.listening ? `${urlOf(server.address() as AddressInfo, '127.0.0.1')}/metrics` : '';
    },
    listen: () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function urlOf({ port }: AddressInfo, host: string): string {
  const anywhere = host === '0.0.0.0' || host === '::';
  return `http://${anywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
