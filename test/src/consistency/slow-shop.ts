import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '@ashlar/domain';
import { hostService, type RunningService, type ServiceDefinition } from '@ashlar/host';
import { InvalidTokenError } from '@ashlar/http';
import { inventoryService } from '@ashlar/inventory-service';
import { orderService } from '@ashlar/order-service';
import { PostgresDatabase, provisionDatabase, startEmbeddedPostgres } from '@ashlar/postgres';
import { productService } from '@ashlar/product-service';
import { TestRedis } from '@ashlar/projection-redis/test-redis';
import { createShopGateway, type ShopGateway } from '@ashlar/shop-gateway';
import { createTelemetry } from '@ashlar/telemetry';
import { SlowBus } from './slow-bus.ts';

const VERSION = '0.1.0';
const SETTINGS = { fsync: 'off', full_page_writes: 'off' };
const CALLERS: Readonly<Record<string, { id: string; role: 'admin' | 'customer' }>> = {
  admin: { id: '01890a5d-ac96-774b-bcce-b302099a8057', role: 'admin' },
  customer: { id: '01890a5d-ac96-774b-bcce-b302099a8058', role: 'customer' },
};

const verifier = {
  async verify(token: string) {
    const caller = CALLERS[token];
    if (!caller) throw new InvalidTokenError('unknown');
    return { ...caller, sessionId: '01890a5d-ac96-774b-bcce-b302099a8059' };
  },
};

const telemetryOf = (service: string) => createTelemetry({ service, logLevel: 'silent' });

/** Products, stock and orders behind the gateway, over whatever keeps copies: read replicas, Redis, and caches. */
export interface SlowShop {
  readonly url: string;
  readonly redis: TestRedis;
  /** Lets the read replicas stand still, or go on. */
  replay(goesOn: boolean): Promise<void>;
}

/** Everything has servers of its own, and each message is delayed by `delayMs`. */
export async function aSlowShop(t: TestContext, delayMs: () => number): Promise<SlowShop> {
  const directory = mkdtempSync(join(tmpdir(), 'ashlar-reads-'));
  const ends: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    for (const end of ends.reverse()) await end();
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  const server = await startEmbeddedPostgres({
    directory: join(directory, 'postgres'),
    replicas: 2,
    settings: SETTINGS,
  });
  ends.push(() => server.stop());
  const redis = await TestRedis.start(t);
  const copies = server.replicaUrls.map((url) => new PostgresDatabase({ url, maxConnections: 1 }));
  ends.push(() => Promise.all(copies.map((copy) => copy.close())));
  const readModels = { redisUrl: redis.url, namespace: 'test' };
  const definitions: readonly ServiceDefinition[] = [
    productService({ seed: 'none', copies: readModels }),
    inventoryService({ openingStock: new Map() }),
    orderService({ saga: 'orchestration', stepTimeoutMs: 30_000, readModels }),
  ];
  const bus = new SlowBus(delayMs);
  const running = await Promise.all(definitions.map((definition) => host(definition, { server, bus })));
  await Promise.all(running.map((service) => service.begin()));
  ends.push(() => Promise.all(running.map((service) => service.stop())));
  const gateway = await startGateway(running);
  ends.push(() => gateway.close());
  return {
    url: gateway.url,
    redis,
    replay: async (goesOn) => {
      const word = goesOn ? 'resume' : 'pause';
      await Promise.all(copies.map((copy) => copy.query(`select pg_wal_replay_${word}()`)));
    },
  };
}

interface Surroundings {
  readonly server: { readonly url: string; readonly replicaUrls: readonly string[] };
  readonly bus: SlowBus;
}

async function host(definition: ServiceDefinition, { server, bus }: Surroundings): Promise<RunningService> {
  const { name: service } = definition;
  const place = { adminUrl: server.url, namespace: 'test', service, password: 'a password of the test' };
  const databaseUrl = await provisionDatabase(place);
  const replicaUrls = server.replicaUrls.map((url) => {
    const replica = new URL(databaseUrl);
    replica.port = new URL(url).port;
    return replica.href;
  });
  const telemetry = telemetryOf(service);
  return hostService({ definition, version: VERSION, databaseUrl, replicaUrls, bus, telemetry, verifier });
}

async function startGateway(running: readonly RunningService[]): Promise<ShopGateway> {
  const startedAt = systemClock.now();
  const gateway = createShopGateway({
    verifier,
    telemetry: telemetryOf('gateway'),
    clock: systemClock,
    rateLimitFactor: 1_000,
    services: () =>
      running.map(({ name, url }) => ({
        service: name,
        replicas: [{ replica: `${name}-1`, pid: process.pid, url, version: VERSION, startedAt }],
      })),
  });
  await gateway.listen({ port: 0, host: '127.0.0.1' });
  return gateway;
}
