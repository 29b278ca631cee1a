import { join } from 'node:path';
import { systemClock } from '@ashlar/domain';
import { type Sandbox, startSandbox } from '@ashlar/sandbox';
import { createShopGateway, InternalTokens, type RunningReplicas, type ShopGateway } from '@ashlar/shop-gateway';
import { createTelemetry, type Telemetry } from '@ashlar/telemetry';
import type { Configuration } from './configuration.ts';
import { type AdministratorSecret, DataDirectory } from './data-directory.ts';
import { openDatabaseServer } from './database.ts';
import { liveReports } from './doctor/live-reports.ts';
import { HeldPort } from './held-port.ts';
import { verifierOf } from './topology/issuer.ts';
import type { ShopSettings } from './topology/shop-services.ts';
import type { Ingredients, RunningServices, Topology } from './topology/shop-topology.ts';

const HOST = '0.0.0.0';

/** The whole shop: services in this process or in others, and what all topologies have here. */
export interface System {
  readonly url: string;
  readonly gateway: ShopGateway;
  /** Every service with its replicas, as they are now. */
  running(): readonly RunningReplicas[];
  readonly sandbox: Sandbox;
  readonly administrator: AdministratorSecret & { readonly told: string };
  readonly dataDirectory: string;
  /** Takes no more work, finishes what runs, and stops everything, the database last. */
  stop(): Promise<void>;
}

export interface SystemHooks {
  readonly onProgress?: (line: string) => void;
  /** Sees every commit of every service of this process: for the tests that fail them one at a time. */
  readonly beforeCommit?: (service: string) => void;
}

/** Each loads what it needs, and nothing of the others. */
const TOPOLOGIES: Readonly<Record<Configuration['topology'], () => Promise<Topology>>> = {
  single: async () => (await import('./topology/single.ts')).single,
  processes: async () => (await import('./topology/processes.ts')).processes,
};

export async function startSystem(configuration: Configuration, hooks: SystemHooks = {}): Promise<System> {
  const port = await HeldPort.take(configuration.port, HOST);
  const started: { stop(): Promise<void> }[] = [{ stop: async () => port.release() }];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const directory = new DataDirectory(configuration.dataDirectory);
    const administrator = directory.administrator(configuration.adminEmail, configuration.adminPassword);
    const plan = { configuration, port, directory, administrator, hooks, started };
    const { gateway, services, sandbox } = await startParts(plan);
    return {
      url: gateway.url,
      gateway,
      running: () => services.running(),
      sandbox,
      administrator,
      dataDirectory: directory.path,
      stop,
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

interface Plan {
  readonly configuration: Configuration;
  readonly port: HeldPort;
  readonly directory: DataDirectory;
  readonly administrator: AdministratorSecret;
  readonly hooks: SystemHooks;
  /** What runs by now; it is stopped in the opposite order. */
  readonly started: { stop(): Promise<void> }[];
}

async function startParts({ configuration, port, directory, administrator, hooks, started }: Plan) {
  const { databaseUrl: url, databaseReplicas: replicas, databaseReplicaUrls: replicaUrls } = configuration;
  const { seed, saga, stepTimeoutMs, logLevel, otlpEndpoint, sampling } = configuration;
  const { onProgress = () => {}, beforeCommit = () => {} } = hooks;
  const namespace = directory.namespace(configuration.namespace);
  const telemetry = (service: string): Telemetry =>
    createTelemetry({ service, logLevel, ...sampling, ...(otlpEndpoint && { otlpEndpoint }) });
  const topology = await TOPOLOGIES[configuration.topology]();
  await topology.check?.(configuration, namespace);
  onProgress('database');
  const demand = topology.demand(configuration);
  const server = await openDatabaseServer({ directory, namespace, url, replicas, replicaUrls, demand, onProgress });
  started.push(server);
  const sandbox = await startSandbox({ directory: join(directory.path, 'sandbox') });
  started.push(sandbox);
  onProgress('services');
  const { cardProcessorUrl, carrierUrl } = sandbox;
  const { email, password } = administrator;
  const shop = {
    ...{ seed, saga, stepTimeoutMs, cardProcessorUrl, carrierUrl },
    administrator: { email, password },
    ...redisUses(configuration, namespace),
  };
  const internalTokens = new InternalTokens(systemClock);
  const parts = { configuration, namespace, server, shop, telemetry };
  const ingredients: Ingredients = { ...parts, internalTokens, beforeCommit, onProgress };
  const services = await topology.start(ingredients);
  started.push(services);
  onProgress('gateway');
  const gateway = await startGateway(ingredients, { port, services, sandbox });
  started.push({ stop: () => gateway.close() }, directory.tellAddress(gateway.url), closing(services));
  return { gateway, services, sandbox };
}

/** Where services are processes, there may be many of them that read the same; in one, Redis is used if it is told. */
function redisUses(
  { topology, redisUrl }: Configuration,
  namespace: string,
): Pick<ShopSettings, 'readModels' | 'copies'> {
  const place = redisUrl === undefined ? undefined : { redisUrl, namespace };
  return { readModels: (topology === 'processes' && place) || 'postgres', copies: place ?? 'none' };
}

const closing = ({ close = () => {} }: RunningServices) => ({ stop: async () => close() });

interface GatewayPlace {
  readonly port: HeldPort;
  readonly services: RunningServices;
  readonly sandbox: Sandbox;
}

async function startGateway(
  { configuration, telemetry, internalTokens }: Ingredients,
  { port: held, services, sandbox }: GatewayPlace,
): Promise<ShopGateway> {
  const { rateLimitFactor } = configuration;
  const own = telemetry('gateway');
  const reports = liveReports({ url: () => gateway.url, clock: systemClock, log: own.log });
  const gateway: ShopGateway = createShopGateway({
    verifier: verifierOf(() => services.keyServers(), own),
    internalTokens,
    telemetry: own,
    reports,
    clock: systemClock,
    rateLimitFactor,
    sandbox,
    services: () => services.running(),
    news: services.news,
    ...(services.fleet && { fleet: services.fleet }),
  });
  services.servedBy?.(gateway);
  const { port } = held;
  await gateway.listen({ port, host: HOST, held: held.handOver() });
  return gateway;
}
