import { AsyncLocalStorage } from 'node:async_hooks';
import { after, before } from 'node:test';
import { type Clock, systemTimers, type Timers, UuidV7Ids } from '@ashlar/domain';
import { createServiceServer, createTokenVerifier, httpMigrations, type ServiceServer } from '@ashlar/http';
import { LocalBus, messagingMigrations, type OutboxRow, PostgresOutbox } from '@ashlar/messaging';
import { KeyedHash, PersonalVault, PostgresPersonalKeys } from '@ashlar/personal-data';
import { createTestDatabase, type Database, databaseMissing, onPrimary, PostgresDatabase } from '@ashlar/postgres';
import { createTelemetry } from '@ashlar/telemetry';
import { SealedProfiles } from '../infrastructure/repositories/sealed-profiles.ts';
import { PostgresUserRepository } from '../infrastructure/repositories/user.repository.impl.ts';
import { type UserSettings, userService } from './composition-root.ts';

export const ADMIN = { email: 'root@example.org', password: 'correct horse battery' };
export const ALICE = { email: 'alice@example.org', password: 'twelve letters and more', name: 'Alice' };

type Person = typeof ALICE;
type Inject = { method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; token?: string; key?: string; body?: object };

/** A running user service with a database of its own. */
export interface TestService {
  db: Database;
  server: ServiceServer;
  /** The types of the messages that were committed, with their keys. */
  published: string[];
  /** How far the service's clock is ahead, in milliseconds. */
  clock: { aheadMs: number };
  call(path: string, request?: Inject): Promise<Awaited<ReturnType<ServiceServer['inject']>>>;
  /** What the service does by itself every ten minutes. */
  purgeSessions(): Promise<void>;
  /** Starts one more replica of it and ends it again. */
  startAnother(settings: UserSettings): Promise<void>;
  signUp(person?: Partial<typeof ALICE>): Promise<{ id: string; email: string }>;
  signIn(person?: { email: string; password: string }): Promise<{ accessToken: string; refreshToken: string }>;
}

/** A transaction of this service never idles: not for a password's hash, and not for half a second. */
const IMPATIENT = encodeURIComponent('-c idle_in_transaction_session_timeout=500');

/** Made before the tests of a suite, dropped after them. In a file, or inside of a `describe`. */
export function aUserService(settings: UserSettings = { admin: ADMIN }, customers: Person[] = []): TestService {
  const made = { published: [] as string[], clock: { aheadMs: 0 } } as TestService;
  let end = async () => {};
  before(async () => {
    if (databaseMissing) return;
    const definition = userService(settings);
    const migrations = [
      ...(await messagingMigrations()),
      ...(await httpMigrations()),
      ...(await definition.migrations()),
    ];
    const database = await createTestDatabase(migrations);
    const db = new PostgresDatabase({ url: `${database.url}?options=${IMPATIENT}` });
    Object.assign(made, { db }, requestsTo(made));
    made.startAnother = async (others) => {
      const service = createService(made, others);
      await service.start?.();
      await service.stop?.();
    };
    const service = createService(made, settings);
    made.server = await createServer(made, service);
    await service.start?.();
    made.server.markReady();
    for (const customer of customers) await made.signUp(customer);
    end = async () => {
      await service.stop?.();
      await made.server.close();
      await db.close();
      await database.drop();
    };
  });
  after(() => end());
  return made;
}

/** The users of a service, beside it. */
export const usersIn = (db: Database): PostgresUserRepository => {
  const vault = new PersonalVault(new PostgresPersonalKeys(db));
  return new PostgresUserRepository(db, { add: async () => {} }, new SealedProfiles(vault, new KeyedHash(db, 'email')));
};

/** Leaves the ambient transaction, as another client would be outside of it. */
export const outside = AsyncLocalStorage.snapshot();

const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

/** Whether anyone waits for what someone else has locked. */
export const someoneWaits = (db: Database): Promise<boolean> =>
  outside(async () => (await db.query(WAITING)).length > 0);

const telemetry = createTelemetry({ service: 'user', logLevel: 'fatal' });

const clockOf = ({ clock }: TestService): Clock => ({ now: () => new Date(Date.now() + clock.aheadMs) });

function createService(made: TestService, settings: UserSettings) {
  const ids = new UuidV7Ids();
  const clock = clockOf(made);
  const onCommitted = (rows: readonly OutboxRow[]) =>
    made.published.push(...rows.map(({ type, key }) => `${type} ${key}`));
  const outbox = new PostgresOutbox({ db: made.db, clock, ids, onCommitted });
  const jobs = () => {
    throw new Error('The user service has no jobs.');
  };
  const timers: Timers = {
    ...systemTimers,
    every(_ms, work) {
      made.purgeSessions = work;
      return () => {};
    },
  };
  return userService(settings).create({
    db: made.db,
    reads: onPrimary(made.db),
    outbox,
    clock,
    ids,
    timers,
    telemetry,
    news: new LocalBus(),
    jobs,
  });
}

function createServer(made: TestService, service: ReturnType<typeof createService>): Promise<ServiceServer> {
  const { routes, errors, vault } = service;
  const jwks = async () => (await made.server.inject('/.well-known/jwks.json')).json();
  const clock = clockOf(made);
  const verifier = createTokenVerifier({ jwks, issuer: 'ashlar', audience: 'ashlar', clock });
  const options = { service: 'user', version: '1.0.0', telemetry, db: made.db, verifier, clock, routes };
  return createServiceServer({ ...options, ...(errors && { errors }), ...(vault && { vault }) });
}

const requestsTo = (made: TestService): Partial<TestService> => ({
  call: (path, { method = 'GET', token, key, body } = {}) =>
    made.server.inject({
      method,
      url: path,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(key && { 'idempotency-key': key }) },
      ...(body && { payload: body }),
    }),
  signUp: async (person) => (await made.call('/v1/users', { method: 'POST', body: { ...ALICE, ...person } })).json(),
  signIn: async ({ email, password } = ALICE) =>
    (await made.call('/v1/sessions', { method: 'POST', body: { email, password } })).json(),
});
