import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { hostService, type RunningService } from '@ashlar/host';
import { LocalBus } from '@ashlar/messaging';
import { orderService, type ReadModels } from '@ashlar/order-service';
import { PostgresDatabase, provisionDatabase, startEmbeddedPostgres } from '@ashlar/postgres';
import { dropRedisNamespace } from '@ashlar/projection-redis';
import { createTelemetry } from '@ashlar/telemetry';
import { closedLoop } from './closed-loop.ts';
import { type Contestant, hold, type Rules } from './contest.ts';
import { atEnd, isQuick, measure, workDirectory } from './lifetime.ts';
import { circumstances, print } from './report.ts';

/** The claim: a token costs a read microseconds, and a read model spares the primary the reads. */
const RULES: Rules = isQuick ? { atOnce: [8], rounds: 1, forMs: 300 } : { atOnce: [8], rounds: 3, forMs: 700 };
const ORDERS = isQuick ? 200 : 2_000;
const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const USER = '01890a5d-ac96-774b-bcce-b302099a8058';

const ids = new UuidV7Ids();

const verifier = { verify: async () => ({ id: USER, role: 'customer' as const, sessionId: USER }) };

interface Place {
  readonly databaseUrl: string;
  readonly replicaUrls: readonly string[];
}

/** An order service with orders, on a database of its own, that is asked without a network. */
async function anOrderService({ databaseUrl, replicaUrls }: Place, readModels: ReadModels): Promise<RunningService> {
  const service = await hostService({
    definition: orderService({ saga: 'orchestration', stepTimeoutMs: 30_000, readModels }),
    version: '0',
    databaseUrl,
    replicaUrls,
    bus: new LocalBus(),
    telemetry: createTelemetry({ service: 'order', logLevel: 'silent' }),
    verifier,
  });
  await service.begin();
  atEnd(() => service.stop());
  return service;
}

async function placeOrders(databaseUrl: string): Promise<{ productId: string; orderIds: readonly string[] }> {
  const db = new PostgresDatabase({ url: databaseUrl });
  const productId = ids.next();
  const price = { amount: 500, currency: 'USD' };
  await db.execute(`insert into catalogue values ($1, 1, 'Cup', $2, false)`, [productId, JSON.stringify(price)]);
  const orderIds = Array.from({ length: ORDERS }, () => ids.next());
  const at = systemClock.now().toISOString();
  const item = { productId, name: 'Cup', quantity: 1, unitPrice: price };
  const state = { userId: USER, currency: 'USD', items: [item], total: price, status: 'confirmed', createdAt: at };
  const timeline = Array.from({ length: 6 }, (_, n) => ({ at, type: `step ${n}` }));
  await db.execute(
    `insert into orders (id, version, user_id, status, state)
     select id, 7, $2, 'confirmed', $3 from unnest($1::text[]) as id`,
    [orderIds, USER, JSON.stringify({ ...state, timeline, updatedAt: at })],
  );
  await db.close();
  return { productId, orderIds };
}

const loop = (name: string, operation: (worker: number) => Promise<unknown>, peer?: string): Contestant => ({
  name,
  ...(peer !== undefined && { peer }),
  run: (load) => closedLoop(operation, load),
});

interface Asked {
  readonly service: RunningService;
  readonly token?: string;
}

const HEADERS = { authorization: 'Bearer x' };

async function ask({ service, token }: Asked, url: string): Promise<void> {
  const headers = { ...HEADERS, ...(token !== undefined && { 'consistency-token': token }) };
  const { statusCode } = await service.server.inject({ url, headers });
  if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}`);
}

async function write({ service, token }: Asked, productId: string): Promise<string> {
  const shippingAddress = { name: 'A', line1: 'B', city: 'C', postalCode: 'D', country: 'DE' };
  const { statusCode, headers } = await service.server.inject({
    method: 'POST',
    url: '/v1/orders',
    headers: { ...HEADERS, ...(token !== undefined && { 'consistency-token': token }) },
    payload: { items: [{ productId, quantity: 1 }], currency: 'USD', shippingAddress },
  });
  if (statusCode !== 202) throw new Error(`an order is answered with ${statusCode}`);
  return String(headers['consistency-token']);
}

interface Shop extends Place {
  readonly service: RunningService;
  readonly productId: string;
  readonly orderIds: readonly string[];
}

async function aShop(place: Place, readModels: ReadModels): Promise<Shop> {
  const service = await anOrderService(place, readModels);
  const orders = await placeOrders(place.databaseUrl);
  for (const projection of service.service.projections ?? []) {
    if (projection.name !== 'order.orders') continue;
    await projection.beginRebuild();
    while ((await projection.status()).state === 'rebuilding') await pause(50);
  }
  return { ...place, ...orders, service };
}

const anyOf = ({ orderIds }: Shop): string => `/v1/orders/${orderIds[Math.floor(Math.random() * orderIds.length)]}`;

/** A token that names nothing of this service. */
const UNRELATED = 'AgAA';

await measure(async () => {
  console.error('reads: a server with a replica, and Redis where one answers');
  const server = await startEmbeddedPostgres({ directory: join(workDirectory(), 'postgres'), replicas: 1 });
  atEnd(() => server.stop());
  const place = async (namespace: string, copies: readonly string[]): Promise<Place> => {
    const wanted = { adminUrl: server.url, namespace, service: 'order', password: 'of-no-use-to-others' };
    const databaseUrl = await provisionDatabase(wanted);
    const at = (url: string) => Object.assign(new URL(databaseUrl), { port: new URL(url).port }).href;
    return { databaseUrl, replicaUrls: copies.map(at) };
  };
  const namespace = `bench${process.pid}`;
  atEnd(() => dropRedisNamespace({ url: REDIS_URL, namespace }).catch(() => {}));
  const plain = await aShop(await place('one', []), 'postgres');
  const copied = await aShop(await place('two', server.replicaUrls), 'postgres');
  const inRedis = await aShop(await place('three', []), { redisUrl: REDIS_URL, namespace });
  const token = await write(plain, plain.productId);
  const placeToken = await write(copied, copied.productId);
  const reads = {
    title: 'GET /v1/orders/:id',
    contestants: [
      loop('no token, a table', () => ask(plain, anyOf(plain)), 'no token'),
      loop('a token that names nothing of ours', () => ask({ ...plain, token: UNRELATED }, anyOf(plain))),
      loop('the token of an order', () => ask({ ...plain, token }, anyOf(plain))),
      loop('no token, on a replica', () => ask(copied, anyOf(copied))),
      loop('the token of an order, on a replica', () => ask({ ...copied, token: placeToken }, anyOf(copied))),
      loop('no token, Redis', () => ask(inRedis, anyOf(inRedis))),
    ],
  };
  const writes = {
    title: 'POST /v1/orders',
    contestants: [
      loop('no replicas', () => write(plain, plain.productId), 'no replicas'),
      loop('the same, with a token', () => write({ ...plain, token }, plain.productId)),
      loop('a replica: the place in the log is read', () => write(copied, copied.productId)),
    ],
  };
  print('Reading orders, and what tokens cost', {
    tables: [await hold(reads, RULES), await hold(writes, RULES)],
    notes: [
      circumstances({ PostgreSQL: '18 (embedded)' }),
      `${ORDERS} orders of one customer; asked within the process, without a network in front.`,
      'Orders that nobody has changed for a while: the read model has them, and Redis after the first read.',
    ],
  });
});
