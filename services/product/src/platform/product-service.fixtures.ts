import { after, before } from 'node:test';
import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import { createServiceServer, httpMigrations, InvalidTokenError, type ServiceServer } from '@ashlar/http';
import { LocalBus, messagingMigrations, type OutboxRow, PostgresOutbox } from '@ashlar/messaging';
import { createTestDatabase, type Database, databaseMissing, onPrimary, PostgresDatabase } from '@ashlar/postgres';
import { createTelemetry } from '@ashlar/telemetry';
import { type ProductSettings, productService } from './composition-root.ts';

/** Copies are shared with nobody. */
const alone = (settings: Seed) => productService({ ...settings, copies: 'none' });
type Seed = Pick<ProductSettings, 'seed'>;

export const MUG = {
  sku: 'MUG-1',
  name: 'Stoneware mug',
  description: 'Holds 350 ml.',
  category: 'Kitchen',
  price: { amount: 1_450, currency: 'USD' },
};

type Response = Awaited<ReturnType<ServiceServer['inject']>>;
type Inject = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  by?: string;
  body?: object;
  headers?: Record<string, string>;
};

/** A running product service with a database of its own; tokens are the names of roles. */
export interface TestService {
  db: Database;
  server: ServiceServer;
  /** The messages that were committed. */
  published: OutboxRow[];
  call(path: string, request?: Inject): Promise<Response>;
  /** As an administrator. */
  create(product?: Partial<typeof MUG>): Promise<{ id: string; version: number }>;
  /** The names of one page of a list, and where the next one begins. */
  list(query: string): Promise<{ names: string[]; nextCursor: string | null }>;
  startAnother(settings: Seed): Promise<void>;
}

/** Made before the tests of a suite, dropped after them. In a file, or inside of a `describe`. */
export function aProductService(settings: Seed = { seed: 'none' }): TestService {
  const made = { published: [] as OutboxRow[] } as TestService;
  let end = async () => {};
  before(async () => {
    if (databaseMissing) return;
    const definition = alone(settings);
    const kit = [...(await messagingMigrations()), ...(await httpMigrations())];
    const database = await createTestDatabase([...kit, ...(await definition.migrations())]);
    const db = new PostgresDatabase({ url: database.url });
    Object.assign(made, { db }, requestsTo(made));
    made.startAnother = async (others) => createService(made, others).start?.();
    const service = createService(made, settings);
    made.server = await createServer(db, service);
    await service.start?.();
    made.server.markReady();
    end = async () => {
      await made.server.close();
      await db.close();
      await database.drop();
    };
  });
  after(() => end());
  return made;
}

const telemetryOf = () => createTelemetry({ service: 'product', logLevel: 'fatal' });

function createService({ db, published }: TestService, settings: Seed) {
  const ids = new UuidV7Ids();
  const clock = systemClock;
  const outbox = new PostgresOutbox({ db, clock, ids, onCommitted: (rows) => published.push(...rows) });
  const jobs = () => {
    throw new Error('The product service has no jobs.');
  };
  return alone(settings).create({
    db,
    reads: onPrimary(db),
    outbox,
    clock,
    ids,
    timers: systemTimers,
    telemetry: telemetryOf(),
    news: new LocalBus(),
    jobs,
  });
}

function createServer(db: Database, { routes, errors }: ReturnType<typeof createService>): Promise<ServiceServer> {
  const verifier = {
    async verify(token: string) {
      if (token !== 'admin' && token !== 'customer') throw new InvalidTokenError('unknown');
      return { id: `the ${token}`, role: token, sessionId: 's1' } as const;
    },
  };
  const telemetry = telemetryOf();
  const options = { service: 'product', version: '1.0.0', telemetry, db, verifier, clock: systemClock, routes };
  return createServiceServer({ ...options, ...(errors && { errors }) });
}

const requestsTo = (made: TestService): Partial<TestService> => ({
  call: (path, { method = 'GET', by, body, headers } = {}) =>
    made.server.inject({
      method,
      url: path,
      headers: { ...(by && { authorization: `Bearer ${by}` }), ...headers },
      ...(body && { payload: body }),
    }),
  create: async (product) =>
    (await made.call('/v1/products', { method: 'POST', by: 'admin', body: { ...MUG, ...product } })).json(),
  list: async (query) => {
    const { items, nextCursor } = (await made.call(`/v1/products?${query}`)).json();
    return { names: items.map(({ name }: { name: string }) => name), nextCursor };
  },
});
