import { join } from 'node:path';
import { systemClock } from '@ashlar/domain';
import { hostService, type RunningService, type ServiceDefinition } from '@ashlar/host';
import { createTokenVerifier } from '@ashlar/http';
import { inventoryService } from '@ashlar/inventory-service';
import { LocalBus } from '@ashlar/messaging';
import { orderService } from '@ashlar/order-service';
import { paymentService } from '@ashlar/payment-service';
import { demoProducts, productService } from '@ashlar/product-service';
import { type Sandbox, startSandbox } from '@ashlar/sandbox';
import { shippingService } from '@ashlar/shipping-service';
import { createShopGateway, type ShopGateway } from '@ashlar/shop-gateway';
import { createTelemetry, type Telemetry } from '@ashlar/telemetry';
import { userService } from '@ashlar/user-service';
import type { Configuration } from './configuration.ts';
import { type AdministratorSecret, DataDirectory } from './data-directory.ts';
import { type DatabaseServer, openDatabaseServer } from './database.ts';

export const VERSION = '0.1.0';

const DEMO_STOCK = 10_000;
const ISSUER = { issuer: 'ashlar', audience: 'ashlar' } as const;

/** The whole shop in one process. */
export interface System {
  readonly url: string;
  readonly gateway: ShopGateway;
  readonly services: readonly RunningService[];
  readonly sandbox: Sandbox;
  readonly administrator: AdministratorSecret & { readonly isNew: boolean };
  readonly dataDirectory: string;
  /** Takes no more work, finishes what runs, and stops everything, the database last. */
  stop(): Promise<void>;
}

export interface SystemHooks {
  readonly onProgress?: (line: string) => void;
  /** Sees every commit of every service: for the tests that fail them one at a time. */
  readonly beforeCommit?: (service: string) => void;
}

export async function startSystem(configuration: Configuration, hooks: SystemHooks = {}): Promise<System> {
  const { onProgress = () => {} } = hooks;
  const directory = new DataDirectory(configuration.dataDirectory);
  const namespace = directory.namespace(configuration.namespace);
  const administrator = directory.administrator(configuration.adminEmail, configuration.adminPassword);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    onProgress('database');
    const server = await openDatabaseServer({ directory, namespace, url: configuration.databaseUrl, onProgress });
    started.push(server);
    const sandbox = await startSandbox({ directory: join(directory.path, 'sandbox') });
    started.push(sandbox);
    onProgress('services');
    const shop = await startServices({ configuration, server, sandbox, administrator, hooks });
    started.push(shop);
    onProgress('gateway');
    const gateway = await startGateway(configuration, shop.services, { sandbox, telemetry: shop.telemetry('gateway') });
    started.push({ stop: () => gateway.close() });
    return {
      url: gateway.url,
      gateway,
      services: shop.services,
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

interface Ingredients {
  readonly configuration: Configuration;
  readonly server: DatabaseServer;
  readonly sandbox: Sandbox;
  readonly administrator: AdministratorSecret;
  readonly hooks: SystemHooks;
}

/** All services are brought up before one of them publishes: nothing is said past a consumer. */
async function startServices({ configuration, server, sandbox, administrator, hooks }: Ingredients) {
  const { logLevel, otlpEndpoint, sampleRatio } = configuration;
  const telemetry = (service: string): Telemetry =>
    createTelemetry({ service, logLevel, sampleRatio, ...(otlpEndpoint && { otlpEndpoint }) });
  const bus = new LocalBus();
  const services: RunningService[] = [];
  const stop = async () => void (await Promise.all(services.map((service) => service.stop())));
  const verifier = verifierOf(() => services.find(({ name }) => name === 'user')?.url);
  try {
    await Promise.all(
      definitionsOf(configuration, sandbox, administrator).map(async (definition) => {
        const { name } = definition;
        const databaseUrl = await server.provision(name);
        const beforeCommit = () => hooks.beforeCommit?.(name);
        services.push(
          await hostService({
            definition,
            version: VERSION,
            databaseUrl,
            bus,
            telemetry: telemetry(name),
            verifier,
            beforeCommit,
          }),
        );
      }),
    );
    await Promise.all(services.map((service) => service.begin()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { services, telemetry, stop };
}

const verifierOf = (userServiceUrl: () => string | undefined) =>
  createTokenVerifier({
    ...ISSUER,
    clock: systemClock,
    jwks: async () => {
      const response = await fetch(`${userServiceUrl()}/.well-known/jwks.json`, { signal: AbortSignal.timeout(3_000) });
      return (await response.json()) as { keys: [] };
    },
  });

function definitionsOf(
  { seed, saga, stepTimeoutMs }: Configuration,
  { cardProcessorUrl, carrierUrl }: Sandbox,
  { email, password }: AdministratorSecret,
): readonly ServiceDefinition[] {
  const openingStock = new Map(seed === 'demo' ? demoProducts.map(({ id }) => [id, DEMO_STOCK]) : []);
  return [
    userService({ ...ISSUER, admin: { email, password } }),
    productService({ seed }),
    inventoryService({ openingStock }),
    paymentService({ cardProcessorUrl }),
    orderService({ saga, stepTimeoutMs }),
    shippingService({ carrierUrl }),
  ];
}

async function startGateway(
  { port, rateLimitFactor }: Configuration,
  services: readonly RunningService[],
  { sandbox, telemetry }: { readonly sandbox: Sandbox; readonly telemetry: Telemetry },
): Promise<ShopGateway> {
  const urlOf = new Map(services.map(({ name, url }) => [name, url]));
  const startedAt = systemClock.now();
  const gateway = createShopGateway({
    verifier: verifierOf(() => urlOf.get('user')),
    telemetry,
    clock: systemClock,
    rateLimitFactor,
    sandbox,
    services: () =>
      services.map(({ name, url }) => ({
        service: name,
        replicas: [{ replica: `${name}-1`, pid: process.pid, url, version: VERSION, startedAt }],
      })),
  });
  await gateway.listen({ port, host: '0.0.0.0' });
  return gateway;
}
