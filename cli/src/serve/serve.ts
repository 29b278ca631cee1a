import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, systemTimers } from '@ashlar/domain';
import type { ShopGateway } from '@ashlar/shop-gateway';
import { createTelemetry, type Telemetry } from '@ashlar/telemetry';
import { liveReports } from '../doctor/live-reports.ts';
import { onStop } from '../parent.ts';
import { UsageError } from '../settings.ts';
import { connectBroker } from '../topology/broker.ts';
import { brokerNews } from '../topology/broker-news.ts';
import { verifierOf } from '../topology/issuer.ts';
import { loadService, type ShopSettings } from '../topology/shop-services.ts';
import { VERSION } from '../version.ts';
import { gatewaysVerifier, gatewayTokens } from './gateway-keys.ts';
import { ReplicasByName } from './replicas-by-name.ts';
import {
  type GatewaySettings,
  PARTS,
  type Part,
  readServeSettings,
  type SandboxSettings,
  type ServeSettings,
  type ServiceSettings,
  serveUsage,
} from './settings.ts';

/** One process that runs. */
interface Served {
  /** Says that it wants no more requests; who balances looks every so often. */
  startDraining?(): void;
  stop(): Promise<void>;
}

const FLUSHED_WITHIN_MS = 5_000;
const CARD_PROCESSOR_PORT = 8081;
const CARRIER_PORT = 8082;

/** `ashlar serve PART`: one process of a cluster, until it is told to stop. */
export async function serve(args: readonly string[]): Promise<number> {
  const [part, ...others] = args;
  if (part === undefined || part === '--help' || part === '-h') {
    console.log(serveUsage(undefined));
    return 0;
  }
  if (!isPart(part)) throw new UsageError([`There is no part ${part}: it is one of ${PARTS.join(', ')}.`]);
  if (others.includes('--help') || others.includes('-h')) {
    console.log(serveUsage(part));
    return 0;
  }
  if (others.length > 0) throw new UsageError([`ashlar serve ${part} takes no options: its environment tells it.`]);
  const settings = readServeSettings(part, process.env);
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  onStop(() => resolve());
  const served = await Promise.race([start(settings), asked]);
  if (!served) return 0;
  await asked;
  served.startDraining?.();
  await pause(settings.drainMs);
  await served.stop();
  return 0;
}

const isPart = (word: string): word is Part => (PARTS as readonly string[]).includes(word);

function start(settings: ServiceSettings | GatewaySettings | SandboxSettings): Promise<Served> {
  if ('services' in settings) return serveGateway(settings);
  return 'databaseUrl' in settings ? serveService(settings) : serveSandbox(settings);
}

function telemetryOf({ part, logLevel, sampling, otlpEndpoint }: ServeSettings): Telemetry {
  return createTelemetry({ service: part, logLevel, ...sampling, ...(otlpEndpoint && { otlpEndpoint }) });
}

async function serveService(settings: ServiceSettings): Promise<Served> {
  const { part, replica, databaseUrl, replicaUrls, host, port, gatewayKeysFile } = settings;
  const verifier = gatewaysVerifier(gatewayKeysFile);
  const telemetry = telemetryOf(settings);
  const onError = (error: unknown) => telemetry.log.warn({ err: error, replica }, 'The broker is in trouble.');
  const [{ hostService }, definition] = await Promise.all([
    import('@ashlar/host'),
    loadService(part, shopSettingsOf(settings)),
  ]);
  const bus = await connectBroker(settings, onError);
  const service = await hostService({
    definition,
    version: VERSION,
    replica,
    databaseUrl,
    replicaUrls,
    bus,
    telemetry,
    verifier,
    flushWithinMs: FLUSHED_WITHIN_MS,
    checks: { bus: () => bus.check() },
    address: { host, port },
  });
  await service.begin();
  return {
    startDraining: () => service.server.startDraining(),
    stop: () => service.stop().finally(() => bus.close()),
  };
}

function shopSettingsOf(settings: ServiceSettings): ShopSettings {
  const { redisUrl, namespace, adminEmail: email, adminPassword: password } = settings;
  return {
    ...settings,
    readModels: redisUrl === undefined ? 'postgres' : { redisUrl, namespace },
    copies: redisUrl === undefined ? 'none' : { redisUrl, namespace },
    ...(password !== undefined && { administrator: { email, password } }),
  };
}

async function serveGateway(settings: GatewaySettings): Promise<Served> {
  const { services, rateLimitFactor, trustedProxies, host, port, redisUrl, natsUrl, namespace, replica } = settings;
  const { metricsPort } = settings;
  const { createShopGateway } = await import('@ashlar/shop-gateway');
  const telemetry = telemetryOf(settings);
  const watch = { clock: systemClock, timers: systemTimers, log: telemetry.log };
  const shared = await gatewayTokens(settings.gatewayKeyFile, watch);
  const cluster = redisUrl === undefined ? undefined : await openCluster(settings, redisUrl, telemetry);
  const news =
    natsUrl === undefined
      ? undefined
      : brokerNews({ natsUrl, namespace, replica }, { log: telemetry.log, timers: systemTimers });
  const found = { clock: systemClock, timers: systemTimers, services, version: VERSION };
  const replicas = new ReplicasByName({
    ...found,
    onError: (error) => telemetry.log.warn({ err: error }, 'The replicas of a service cannot be found.'),
  });
  await replicas.start();
  const reports = liveReports({ url: () => gateway.url, clock: systemClock, log: telemetry.log });
  const gateway: ShopGateway = createShopGateway({
    verifier: verifierOf(() => services.user, telemetry),
    internalTokens: shared.tokens,
    telemetry,
    reports,
    clock: systemClock,
    rateLimitFactor,
    trustedProxies,
    services: () => replicas.running(),
    watchesReplicas: true,
    ...(metricsPort !== undefined && { metricsAddress: { port: metricsPort, host } }),
    ...(cluster && { cluster }),
    ...(news && { news }),
  });
  await gateway.listen({ port, host });
  return {
    startDraining: () => gateway.startDraining(),
    async stop() {
      await gateway.close();
      replicas.stop();
      shared.stop();
      await cluster?.close();
      await news?.close();
    },
  };
}

/** What the gateways of this cluster know together. */
async function openCluster({ namespace }: GatewaySettings, url: string, { log }: Telemetry) {
  const { redisCluster } = await import('@ashlar/gateway-redis');
  return redisCluster({ url, namespace, log, clock: systemClock });
}

async function serveSandbox({ dataDirectory: directory, host }: SandboxSettings): Promise<Served> {
  const { startSandbox } = await import('@ashlar/sandbox');
  const address = { host, cardProcessorPort: CARD_PROCESSOR_PORT, carrierPort: CARRIER_PORT };
  return startSandbox({ directory, address, log: console.log });
}
