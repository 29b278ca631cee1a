import { fileURLToPath } from 'node:url';
import { systemTimers } from '@ashlar/domain';
import { type Configuration, SETTINGS } from '../configuration.ts';
import type { ServiceDatabase } from '../database.ts';
import { Fleet } from '../supervision/fleet.ts';
import type { ReplicaSettings } from '../supervision/protocol.ts';
import { VERSION } from '../version.ts';
import { findBroker } from './broker.ts';
import { brokerNews } from './broker-news.ts';
import { SERVICES, type ServiceName } from './shop-services.ts';
import type { Ingredients, RunningServices, Topology } from './shop-topology.ts';

const ENTRY = fileURLToPath(new URL('../replica.js', import.meta.url));
const KEY_SERVICE: ServiceName = 'user';
const MAX_CONNECTIONS = 8;

/** A process for each replica of each service, over NATS; this process supervises them. */
export const processes: Topology = {
  check: ({ natsUrl }, namespace) => findBroker({ natsUrl, namespace }),
  demand: (configuration) => ({
    replicas: Object.values(replicasOf(configuration)).reduce((a, b) => a + b),
    most: MAX_CONNECTIONS,
  }),
  start,
};

const replicasOf = ({ replicas }: Configuration): Record<string, number> =>
  Object.fromEntries(SERVICES.map((name) => [name, replicas[name] ?? 1]));

async function start(ingredients: Ingredients): Promise<RunningServices> {
  const { configuration, namespace, server, telemetry, onProgress } = ingredients;
  const databases = new Map(
    await Promise.all(SERVICES.map(async (name) => [name as string, await server.provision(name)] as const)),
  );
  const fleet = new Fleet({
    replicas: replicasOf(configuration),
    keyService: KEY_SERVICE,
    entry: ENTRY,
    environment: environmentOf(process.env),
    version: VERSION,
    log: telemetry('supervisor').log,
    onSlow: (waitedFor) => onProgress(`services: waiting for ${waitedFor.join(', ')}`),
    start: (service, replica) => ({
      type: 'start',
      settings: settingsOf(ingredients, { service, replica, ...databases.get(service)! }),
    }),
  });
  const place = { natsUrl: configuration.natsUrl, namespace, replica: 'gateway' };
  const news = brokerNews(place, { log: telemetry('gateway').log, timers: systemTimers });
  const stop = async (): Promise<void> => {
    await fleet.stop();
    await news.close();
  };
  try {
    await fleet.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    running: () => fleet.running(),
    keyServers: () => fleet.urlsOf(KEY_SERVICE),
    fleet,
    news,
    servedBy: (gateway) => {
      fleet.balancer = gateway;
    },
    close: () => fleet.close(),
    stop,
  };
}

interface Place extends ServiceDatabase {
  readonly service: string;
  readonly replica: string;
}

function settingsOf({ configuration, namespace, shop, internalTokens }: Ingredients, place: Place): ReplicaSettings {
  const { logLevel, sampling, otlpEndpoint, natsUrl } = configuration;
  const { administrator, ...others } = shop;
  return {
    ...place,
    service: place.service as ServiceName,
    version: VERSION,
    natsUrl,
    namespace,
    gatewayKeys: internalTokens.jwks,
    shop: { ...others, ...(administrator && place.service === KEY_SERVICE && { administrator }) },
    logLevel,
    sampling,
    ...(otlpEndpoint && { otlpEndpoint }),
  };
}

/** What programs need to run; nothing of ours: a service gets what is meant for it, and no administrator's address. */
function environmentOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = new Set(SETTINGS.map(({ variable }) => variable));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.has(name)));
}
