import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@ashlar/domain';
import { breakerMetrics, exposition, processMetrics, type Telemetry } from '@ashlar/telemetry';
import { type ApiKey, apiKeyReader } from './auth/api-keys.ts';
import type { Identity, IdentityVerifier } from './auth/identity.ts';
import type { InternalTokens } from './auth/internal-tokens.ts';
import { Revocations } from './auth/revocations.ts';
import { HttpCache } from './cache/http-cache.ts';
import type { Cluster, News } from './cluster/cluster.ts';
import { Front, type ListenAddress, type Tls } from './front.ts';
import { type Limits, namesakes, type RunningLimits, startLimits } from './limits/rate-limits.ts';
import { createMetrics, type GatewayMetrics } from './metrics.ts';
import { admitted } from './pipeline/admitted.ts';
import { answered } from './pipeline/answered.ts';
import { cached } from './pipeline/cached.ts';
import { compressed } from './pipeline/compressed.ts';
import { crossOrigin } from './pipeline/cross-origin.ts';
import { embodied } from './pipeline/embodied.ts';
import { fallenBack } from './pipeline/fallen-back.ts';
import { identified } from './pipeline/identified.ts';
import { joined } from './pipeline/joined.ts';
import { isSpent, limited, limitedByBody } from './pipeline/limited.ts';
import { located, wellFormed } from './pipeline/located.ts';
import { measured } from './pipeline/measured.ts';
import { compose, type Next } from './pipeline/middleware.ts';
import { performed } from './pipeline/performed.ts';
import { probed } from './pipeline/probed.ts';
import { shed } from './pipeline/shed.ts';
import { signedOut } from './pipeline/signed-out.ts';
import { traced } from './pipeline/traced.ts';
import { transformed } from './pipeline/transformed.ts';
import { upgraded } from './pipeline/upgraded.ts';
import { faultsOf, type LocalRoute, type Route } from './routing/route.ts';
import { Router } from './routing/router.ts';
import { Forwarder } from './upstream/forwarder.ts';
import { groundsOf } from './upstream/streams.ts';
import type { Upstream } from './upstream/upstream.ts';
import { clientReader } from './wire/client-address.ts';
import type { Patience } from './wire/client-connection.ts';

export interface GatewayOptions {
  readonly routes: readonly Route[];
  /** Calls that the gateway answers itself, beside the routes. */
  readonly ops?: readonly LocalRoute[];
  readonly upstreams: readonly Upstream[];
  /** Verifies access tokens; without one only public routes can be called, and credentials go on to the services. */
  readonly verifier?: IdentityVerifier | undefined;
  /** Who calls with `X-Api-Key`. */
  readonly apiKeys?: readonly ApiKey[] | undefined;
  /** Hands callers on to the services by tokens of the gateway's own; by what the client has shown when not told. */
  readonly internalTokens?: InternalTokens;
  readonly telemetry: Telemetry;
  /** Where `/metrics` is told: at a free port of this machine only, when not told. */
  readonly metricsAddress?: { readonly port: number; readonly host: string };
  readonly limits: Limits;
  /** Multiplies all limits that are not fixed. */
  readonly rateLimitFactor?: number;
  /** Whether the system behind can take requests; what `/readyz` tells. */
  readonly ready: () => boolean;
  readonly clock: Clock;
  /** The bounds of the cache, in bytes. */
  readonly cache?: { readonly maxBytes?: number; readonly maxAnswerBytes?: number };
  /** What several gateways know together: limits, what is doubtful of their caches, and sessions that have ended. */
  readonly cluster?: Cluster;
  /** Addresses and networks of balancers whose forwarding headers are believed. */
  readonly trustedProxies?: readonly string[];
  /** How many clients may be connected at once; 20,000 when not told. */
  readonly maxConnections?: number;
  readonly patience?: Patience;
  /** Speaks TLS with this certificate; plain HTTP when not told. */
  readonly tls?: Tls;
  /** How many requests may be under way at once before further ones are refused; 2,000 when not told. */
  readonly maxConcurrent?: number;
  /** How long a drain waits for running requests. */
  readonly graceMs?: number;
}

/** What can change while the gateway runs; who is known stays as it was where nothing is told of it. */
export type Table = Pick<GatewayOptions, 'routes' | 'upstreams' | 'limits' | 'verifier' | 'apiKeys'>;

/** The front door of a system. */
export interface Gateway {
  readonly url: string;
  readonly metricsUrl: string;
  listen(address: ListenAddress): Promise<void>;
  /** Forgets the stored answers with this tag. Answers how many addresses that were. */
  purge(tag: string): number;
  /**
   * Goes on with another table, without losing a request: connections, counts of limits that stay, and what is stored
   * are kept. Streams whose route is not in it as it was end, and those of callers that others verify now. Throws, and
   * changes nothing, when the table has faults.
   */
  reload(table: Table): void;
  /** How many requests are under way at a replica, or wait for a connection to it; endless answers do not count. */
  underWayAt(replica: string): number;
  /** Finishes what runs, ends event streams, gives the last spans to their receiver, and closes. */
  close(): Promise<void>;
}

const GRACE_MS = 10_000;
const MAX_CONCURRENT = 2_000;

export function createGateway(options: GatewayOptions): Gateway {
  const { telemetry, cluster, graceMs = GRACE_MS } = options;
  checkTable(options);
  processMetrics(telemetry.metrics);
  const metrics = createMetrics(telemetry.metrics);
  const { revocations, cache } = knowledgeOf(options);
  const forwarder = forwarderOf(options, metrics, revocations);
  breakerMetrics(telemetry.metrics, () => forwarder.breakers());
  const counting = { factor: options.rateLimitFactor ?? 1, cluster };
  let limits = startLimits(options.limits, counting);
  let known: Table = options;
  const isReady = (): boolean => !front.isDraining && options.ready();
  let handle = pipelineOf(options, { metrics, forwarder, cache, limits, revocations, isReady });
  const front: Front = new Front(frontOptions(options, metrics, (exchange) => handle(exchange)));
  const metricsPort = createMetricsPort(telemetry, options.metricsAddress);
  let url = '';
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await drained({ front, forwarder, graceMs });
    await Promise.all([cluster?.close(), metricsPort.close()]);
    await telemetry.tracing.shutdown();
  };

  return {
    get url() {
      return url;
    },
    get metricsUrl() {
      return metricsPort.url;
    },
    purge: (tag) => cache.purge(tag),
    underWayAt: (replica) => forwarder.underWayAt(replica),
    reload(table) {
      const changed = { ...options, ...table };
      checkTable(changed);
      forwarder.update(changed.upstreams, passesCredentials(changed));
      forwarder.streams.endOutdated(groundsOf(known, changed));
      known = changed;
      limits = startLimits(changed.limits, counting, limits);
      handle = pipelineOf(changed, { metrics, forwarder, cache, limits, revocations, isReady });
    },
    async listen(address) {
      await front.listen(address);
      url = urlOf(front.address, address.host, options.tls ? 'https' : 'http');
      await metricsPort.listen().catch((error) => close().then(() => Promise.reject(error)));
    },
    close: () => (closing ??= close()),
  };
}

interface Draining {
  readonly front: Front;
  readonly forwarder: Forwarder;
  readonly graceMs: number;
}

/** Finishes what runs, and ends what would go on for ever. */
async function drained({ front, forwarder, graceMs }: Draining): Promise<void> {
  const finished = front.drain(graceMs);
  forwarder.streams.endAll();
  await finished;
  forwarder.close();
}

function forwarderOf(options: GatewayOptions, metrics: GatewayMetrics, revocations: Revocations): Forwarder {
  const { upstreams, telemetry, clock } = options;
  const isRevoked = (caller: Identity): boolean => revocations.standing(caller) !== caller;
  const own = { upstreams, metrics, clock, log: telemetry.log, isRevoked };
  const forwarder = new Forwarder({ ...own, passesCredentials: passesCredentials(options) });
  revocations.onEnded = () => forwarder.streams.endRevoked();
  return forwarder;
}

/** Where nobody is verified here, credentials go on as they came. */
const passesCredentials = ({ verifier, apiKeys }: GatewayOptions): boolean => !verifier && !apiKeys;

/** What a gateway learns: it tells the others, and hears of what they have learned. */
function knowledgeOf({ clock, cluster, cache: bounds }: GatewayOptions) {
  const tell = (news: News): void => cluster?.tell(news);
  const revocations = new Revocations(tell);
  const cache = new HttpCache({ clock, tell, tier: cluster?.answers, ...bounds });
  cluster?.listen((news) => {
    revocations.heard(news);
    cache.heard(news);
  });
  return { revocations, cache };
}

const frontOptions = (
  { clock, trustedProxies = [], patience, tls, maxConnections }: GatewayOptions,
  metrics: GatewayMetrics,
  handle: Next,
) => ({
  handle,
  clock,
  metrics,
  clientOf: clientReader(trustedProxies),
  ...(patience && { patience }),
  ...(tls && { tls }),
  ...(maxConnections !== undefined && { maxConnections }),
});

function checkTable({ routes, ops = [], upstreams, limits }: GatewayOptions): void {
  const known = { upstreams: upstreams.map(({ name }) => name), limits: Object.keys(limits) };
  const doubled = namesakes(limits).map(
    ({ place, of }) => `limits: ${place} has the name of ${of}, and says something else`,
  );
  const faults = [...faultsOf([...routes, ...ops], known), ...doubled];
  if (faults.length > 0) throw new Error(`The routing table is not right:\n${faults.join('\n')}`);
}

interface Parts {
  readonly metrics: GatewayMetrics;
  readonly forwarder: Forwarder;
  readonly cache: HttpCache;
  readonly limits: RunningLimits;
  readonly revocations: Revocations;
  readonly isReady: () => boolean;
}

/** What happens to each request, in this order. */
function pipelineOf(options: GatewayOptions, parts: Parts) {
  const { metrics, forwarder, cache, limits, revocations, isReady } = parts;
  const { routes, ops = [], telemetry, verifier, apiKeys } = options;
  return compose([
    measured(metrics),
    located(new Router([...routes, ...ops])),
    traced(telemetry.tracing),
    answered(telemetry.log),
    wellFormed,
    probed(isReady),
    crossOrigin,
    identified({
      verifier,
      keyOwner: apiKeys && apiKeyReader(apiKeys),
      revocations,
      isSpent: isSpent(limits),
      internalTokens: options.internalTokens,
    }),
    limited(limits, metrics.limited),
    admitted,
    shed(options.maxConcurrent ?? MAX_CONCURRENT, metrics.shed),
    embodied,
    limitedByBody(limits, metrics.limited),
    upgraded,
    signedOut(revocations, options.clock),
    compressed,
    transformed,
    fallenBack,
    cached(cache),
    joined(forwarder),
    performed(forwarder),
  ]);
}

/** Metrics are for those who run the system: they are told on a port of their own, which no client reaches. */
function createMetricsPort({ metrics, log }: Telemetry, { port, host } = { port: 0, host: '127.0.0.1' }) {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    exposition(metrics, request.headers.accept).then(
      ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType, vary: 'accept' }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'The metrics could not be told.');
        response.writeHead(500).end();
      },
    );
  });
  return {
    get url() {
      return server.listening ? `${urlOf(server.address() as AddressInfo, host)}/metrics` : '';
    },
    listen: () =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function urlOf({ port }: AddressInfo, host: string, scheme = 'http'): string {
  const anywhere = host === '0.0.0.0' || host === '::';
  return `${scheme}://${anywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
