import { after, before } from 'node:test';
import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import { createServiceServer, httpMigrations, InvalidTokenError, type ServiceServer } from '@ashlar/http';
import { LocalBus, messagingMigrations, type OutboxRow, PostgresOutbox } from '@ashlar/messaging';
import { createTestDatabase, databaseMissing, onPrimary, PostgresDatabase } from '@ashlar/postgres';
import { createTelemetry } from '@ashlar/telemetry';
import type { ToolShedApplication } from '../application/tool-shed.application.ts';
import { type createToolShedService, toolShedService } from './composition-root.ts';

/** Who may sign in here; their names are their tokens. */
export const IDS = {
  ann: '01900000-0000-7000-8000-00000000000a',
  bob: '01900000-0000-7000-8000-00000000000b',
  admin: '01900000-0000-7000-8000-0000000000ff',
} as const;

type Name = keyof typeof IDS;
type Response = Awaited<ReturnType<ServiceServer['inject']>>;
type Call = `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`;

interface Question {
  /** Ann, when not told. */
  readonly by?: Name | 'nobody';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running service with a database of its own. */
export interface TestService {
  application: ToolShedApplication;
  /** The messages that were committed. */
  published: OutboxRow[];
  call(call: Call, question?: Question): Promise<Response>;
  create(name: string, by?: Name): Promise<{ id: string; version: number }>;
}

const telemetry = createTelemetry({ service: 'tool-shed', logLevel: 'fatal' });

const verifier = {
  async verify(token: string) {
    if (!Object.hasOwn(IDS, token)) throw new InvalidTokenError('unknown');
    const role = token === 'admin' ? 'admin' : 'customer';
    return { id: IDS[token as Name], role, sessionId: 's1' } as const;
  },
};

/** Made before the tests of a file, dropped after them. */
export function aToolShedService(): TestService {
  const made = { published: [] as OutboxRow[] } as TestService;
  let end = async () => {};
  before(async () => {
    if (databaseMissing) return;
    const kit = [...(await messagingMigrations()), ...(await httpMigrations())];
    const database = await createTestDatabase([...kit, ...(await toolShedService().migrations())]);
    const db = new PostgresDatabase({ url: database.url });
    const service = createService(db, made.published);
    const { routes, errors } = service;
    const options = { service: 'tool-shed', version: '1.0.0', telemetry, db, verifier, clock: systemClock, routes };
    const server = await createServiceServer({ ...options, ...(errors && { errors }) });
    server.markReady();
    Object.assign(made, { application: service.application }, requestsTo(server));
    end = async () => {
      await server.close();
      await db.close();
      await database.drop();
    };
  });
  after(() => end());
  return made;
}

function createService(db: PostgresDatabase, published: OutboxRow[]) {
  const [ids, clock] = [new UuidV7Ids(), systemClock];
  const outbox = new PostgresOutbox({ db, clock, ids, onCommitted: (rows) => published.push(...rows) });
  const jobs = () => {
    throw new Error('There are no jobs here.');
  };
  const news = new LocalBus();
  const platform = { db, reads: onPrimary(db), outbox, clock, ids, timers: systemTimers, telemetry, news, jobs };
  return toolShedService().create(platform) as ReturnType<typeof createToolShedService>;
}

function requestsTo(server: ServiceServer): Pick<TestService, 'call' | 'create'> {
  const call: TestService['call'] = (line, { by = 'ann', body, headers } = {}) => {
    const [method, url = ''] = line.split(' ') as ['GET', string];
    const authorization = by === 'nobody' ? {} : { authorization: `Bearer ${by}` };
    return server.inject({ method, url, headers: { ...authorization, ...headers }, ...(body && { payload: body }) });
  };
  return {
    call,
    create: async (name, by = 'ann') => (await call('POST /v1/key-rings', { by, body: { name } })).json(),
  };
}
