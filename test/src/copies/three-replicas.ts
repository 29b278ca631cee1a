import type { TestContext } from 'node:test';
import { hostService } from '@ashlar/host';
import { LocalBus } from '@ashlar/messaging';
import { createTestDatabase } from '@ashlar/postgres';
import { productService } from '@ashlar/product-service';
import { TestRedis } from '@ashlar/projection-redis/test-redis';
import { createTelemetry } from '@ashlar/telemetry';

const verifier = { verify: async () => ({ id: 'ann', role: 'admin', sessionId: 's1' }) as const };
const HEADERS = { authorization: 'Bearer x', 'content-type': 'application/json' };

/** One replica of the product service, as its clients see it. */
export interface CatalogueReplica {
  create(sku: string): Promise<string>;
  /** The version that there is now. */
  rename(id: string, name: string): Promise<number>;
  versionOf(id: string): Promise<number>;
}

/** Three replicas of the product service before one database and one Redis; the third hears nothing of the others. */
export async function threeReplicas(t: TestContext) {
  const redis = await TestRedis.start(t);
  const database = await createTestDatabase();
  const ends: (() => Promise<unknown>)[] = [() => database.drop()];
  t.after(async () => {
    for (const end of ends) await end();
  });
  const bus = new LocalBus();
  const start = async (replica: string, heard: LocalBus): Promise<CatalogueReplica> => {
    const running = await hostService({
      definition: productService({ seed: 'none', copies: { redisUrl: redis.url, namespace: 'test' } }),
      telemetry: createTelemetry({ service: 'product', logLevel: 'silent' }),
      ...{ version: '1', replica, databaseUrl: database.url, bus: heard, verifier },
    });
    await running.begin();
    ends.unshift(() => running.stop());
    const ask = async <T>(path: string, method = 'GET', body?: object): Promise<T> => {
      const request = { method, headers: HEADERS, ...(body && { body: JSON.stringify(body) }) };
      const answer = await fetch(`${running.url}/v1/products${path}`, request);
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
      return (await answer.json()) as T;
    };
    const price = { amount: 1_000, currency: 'USD' };
    return {
      create: async (sku) => (await ask<{ id: string }>('', 'POST', { sku, name: sku, category: 'Kitchen', price })).id,
      rename: async (id, name) => (await ask<{ version: number }>(`/${id}`, 'PATCH', { name })).version,
      versionOf: async (id) => (await ask<{ version: number }>(`/${id}`)).version,
    };
  };
  const replicas = [await start('product-1', bus), await start('product-2', bus)];
  replicas.push(await start('product-3', new LocalBus()));
  return { redis, replicas };
}
