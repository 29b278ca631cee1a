import { systemClock } from '@ashlar/domain';
import { hostService, type RunningService } from '@ashlar/host';
import { LocalBus } from '@ashlar/messaging';
import { VERSION } from '../version.ts';
import { gatewayVerifier } from './issuer.ts';
import { loadService, SERVICES } from './shop-services.ts';
import type { Ingredients, RunningServices, Topology } from './shop-topology.ts';

const MAX_CONNECTIONS = 10;

/** All services in this process, one replica each, over a bus in memory. */
export const single: Topology = { demand: () => ({ replicas: SERVICES.length, most: MAX_CONNECTIONS }), start };

/** They come up at once, and stand in lists as they stand everywhere. */
const inOrder = (services: readonly RunningService[]): readonly RunningService[] =>
  SERVICES.flatMap((name) => services.filter((service) => service.name === name));

async function start({ server, shop, telemetry, beforeCommit, internalTokens }: Ingredients): Promise<RunningServices> {
  const bus = new LocalBus();
  const services: RunningService[] = [];
  const startedAt = systemClock.now();
  const stop = async () => void (await Promise.all(services.map((service) => service.stop())));
  const keyServers = () => services.filter(({ name }) => name === 'user').map(({ url }) => url);
  const verifier = gatewayVerifier(internalTokens.jwks);
  try {
    await Promise.all(
      SERVICES.map(async (name) => {
        const definition = await loadService(name, shop);
        const database = await server.provision(name);
        const hosted = { definition, version: VERSION, ...database, bus, verifier, telemetry: telemetry(name) };
        services.push(await hostService({ ...hosted, beforeCommit: () => beforeCommit(name) }));
      }),
    );
    // All services are brought up before one of them publishes: nothing is said past a consumer.
    await Promise.all(services.map((service) => service.begin()));
  } catch (error) {
    await stop();
    throw error;
  }
  const replicaOf = ({ name, url }: RunningService) => ({
    replica: `${name}-1`,
    pid: process.pid,
    url,
    version: VERSION,
    startedAt,
  });
  return {
    running: () => inOrder(services).map((one) => ({ service: one.name, replicas: [replicaOf(one)] })),
    keyServers,
    news: bus,
    stop,
  };
}
