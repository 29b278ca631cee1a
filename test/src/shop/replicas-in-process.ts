import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadService, SERVICES, type ShopSettings } from '@ashlar/cli';
import { systemClock } from '@ashlar/domain';
import { hostService, type RunningService, type ServiceDefinition } from '@ashlar/host';
import { createTokenVerifier } from '@ashlar/http';
import { connectNatsBus, dropNatsNamespace, type NatsBus } from '@ashlar/messaging-nats';
import { dropNamespace, provisionDatabase } from '@ashlar/postgres';
import { type Sandbox, startSandbox } from '@ashlar/sandbox';
import { createShopGateway, type ShopGateway } from '@ashlar/shop-gateway';
import { createTelemetry } from '@ashlar/telemetry';
import { namespaceOf } from './databases.ts';
import { natsUrl } from './nats.ts';
import type { SagaStyle, Shop } from './shop.ts';
import { ShopFront } from './shop-front.ts';

const VERSION = '0.1.0';
const ISSUER = { issuer: 'ashlar', audience: 'ashlar' } as const;
const ADMIN = { email: 'admin@ashlar.local', password: 'correct horse battery' };
/** All of them are in one process, and on one server. */
const CONNECTIONS = 3;

const telemetryOf = (service: string) => createTelemetry({ service, logLevel: 'silent' });

/** A service's replica, on a connection of its own, as if it were alone in its process. */
interface Running {
  readonly name: string;
  readonly service: RunningService;
  readonly bus: NatsBus;
}

/** Several replicas of every service inside the test, over NATS. */
export class ReplicasInProcess extends ShopFront implements Shop {
  private constructor(
    readonly directory: string,
    readonly databaseUrl: string,
    private readonly sandbox: Sandbox,
    private readonly gateway: ShopGateway,
    /** What runs, to be changed by nobody else. */
    private readonly running: Running[],
  ) {
    super(gateway.url, directory);
  }

  static async start({ saga, replicas }: { saga: SagaStyle; replicas: number }): Promise<ReplicasInProcess> {
    const databaseUrl = process.env['TEST_DATABASE_URL']!;
    const directory = mkdtempSync(join(tmpdir(), 'ashlar-shop-'));
    const namespace = randomBytes(5).toString('hex');
    writeFileSync(join(directory, 'namespace'), namespace);
    writeFileSync(join(directory, 'admin.json'), JSON.stringify(ADMIN));
    const sandbox = await startSandbox({ directory: join(directory, 'sandbox') });
    const running: Running[] = [];
    const start = async (definition: ServiceDefinition, number: number): Promise<void> => {
      const { name: service } = definition;
      const password = 'a password of the test';
      const url = await provisionDatabase({ adminUrl: databaseUrl, namespace, service, password });
      running.push(await startReplica({ definition, url, namespace, number, running }));
    };
    const numbers = Array.from({ length: replicas }, (_, index) => index + 1);
    const definitions = await definitionsOf(saga, sandbox);
    await Promise.all(definitions.flatMap((definition) => numbers.map((number) => start(definition, number))));
    await Promise.all(running.map(({ service }) => service.begin()));
    const gateway = await startGateway(running, sandbox);
    return new ReplicasInProcess(directory, databaseUrl, sandbox, gateway, running);
  }

  /** One replica leaves, with what it has begun done; the others go on. */
  async leave(name: string): Promise<void> {
    const [one] = this.running.splice(
      this.running.findIndex((running) => running.name === name),
      1,
    );
    await end(one!);
  }

  async stop(): Promise<void> {
    await this.close();
    await this.gateway.close();
    await Promise.all(this.running.map(end));
    await this.sandbox.stop();
    const namespace = namespaceOf(this.directory);
    await dropNatsNamespace({ url: natsUrl, namespace });
    await dropNamespace({ adminUrl: this.databaseUrl, namespace });
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function end({ service, bus }: Running): Promise<void> {
  await service.stop();
  await bus.close();
}

interface Wanted {
  readonly definition: ServiceDefinition;
  readonly url: string;
  readonly namespace: string;
  readonly number: number;
  readonly running: readonly Running[];
}

async function startReplica({ definition, url, namespace, number, running }: Wanted): Promise<Running> {
  const name = `${definition.name}-${number}`;
  const bus = await connectNatsBus({ url: natsUrl, namespace, replica: name });
  const service = await hostService({
    definition,
    version: VERSION,
    databaseUrl: url,
    bus,
    replica: name,
    telemetry: telemetryOf(definition.name),
    verifier: verifierOf(running),
    maxConnections: CONNECTIONS,
  });
  return { name, service, bus };
}

const verifierOf = (running: readonly Running[]) =>
  createTokenVerifier({
    ...ISSUER,
    clock: systemClock,
    jwks: async () => {
      const url = running.find(({ service }) => service.name === 'user')?.service.url;
      return (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: [] };
    },
  });

/** All services, as they are wired for production. */
function definitionsOf(saga: SagaStyle, sandbox: Sandbox): Promise<readonly ServiceDefinition[]> {
  const { cardProcessorUrl, carrierUrl } = sandbox;
  const settings: ShopSettings = {
    ...{ cardProcessorUrl, carrierUrl, saga, stepTimeoutMs: 30_000 },
    readModels: 'postgres',
    copies: 'none',
    seed: 'none',
    administrator: ADMIN,
  };
  return Promise.all(SERVICES.map((name) => loadService(name, settings)));
}

async function startGateway(running: readonly Running[], sandbox: Sandbox): Promise<ShopGateway> {
  const startedAt = systemClock.now();
  const gateway = createShopGateway({
    verifier: verifierOf(running),
    telemetry: telemetryOf('gateway'),
    clock: systemClock,
    rateLimitFactor: 1_000,
    sandbox,
    services: () =>
      [...Map.groupBy(running, ({ service }) => service.name)].map(([service, all]) => ({
        service,
        replicas: all.map(({ name, service: { url } }) => ({
          ...{ replica: name, pid: process.pid, url, version: VERSION, startedAt },
        })),
      })),
  });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  return gateway;
}
