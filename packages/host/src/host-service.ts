import { type Clock, type Ids, systemClock, systemTimers, type Timers, UuidV7Ids } from '@ashlar/domain';
import {
  consistencyGate,
  createServiceServer,
  httpMigrations,
  type ServiceServer,
  type TokenVerifier,
} from '@ashlar/http';
import { createJobs, type FailedAttempt, type Jobs } from '@ashlar/jobs';
import {
  type Bus,
  Consumer,
  DeadLetters,
  forgetAbsent,
  type MessageStorage,
  messagingMigrations,
  OutboxPublisher,
  type OutboxRow,
  PostgresOutbox,
  postgresMessageStorage,
} from '@ashlar/messaging';
import { migrate, PostgresDatabase } from '@ashlar/postgres';
import { Counter, Gauge, type Telemetry } from '@ashlar/telemetry';
import { operationsController } from './operations.controller.ts';
import type { Service, ServiceDefinition } from './service.ts';

export interface HostOptions {
  readonly definition: ServiceDefinition;
  readonly version: string;
  /** The service's own role on its own database. */
  readonly databaseUrl: string;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  readonly verifier: TokenVerifier;
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly timers?: Timers;
  readonly maxConnections?: number;
  /** Sees every commit: for the tests that fail them one at a time. */
  readonly beforeCommit?: () => void;
}

/**
 * A service that runs. `begin` comes after all consumers of the system have subscribed, so that nothing is published
 * past them.
 */
export interface RunningService {
  readonly name: string;
  readonly url: string;
  readonly service: Service;
  readonly consumers: readonly Consumer[];
  readonly publisher: OutboxPublisher;
  readonly server: ServiceServer;
  begin(): Promise<void>;
  /** Takes no more work, and ends what runs. */
  stop(): Promise<void>;
}

/** Brings a service up to where it answers and listens; it does not publish or act by itself before `begin`. */
export async function hostService(given: HostOptions): Promise<RunningService> {
  const options = { ...DEFAULTS, ids: new UuidV7Ids(), ...given };
  await migrate(options.databaseUrl, [
    ...(await messagingMigrations()),
    ...(await httpMigrations()),
    ...(await options.definition.migrations()),
  ]);
  const parts = createParts(options);
  const server = await createServer(parts);
  await parts.service.start?.();
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  // Before anybody publishes: what is said from now on is not said without those who are absent.
  await forgetAbsent(parts.storage.registrations, parts.consumers);
  for (const consumer of parts.consumers) consumer.start();
  return running(parts, server, url);
}

const DEFAULTS = { clock: systemClock, timers: systemTimers, maxConnections: 10, beforeCommit: () => {} };

/** What comes to be while the service runs. */
interface Progress {
  hasBegun: boolean;
  jobs?: Jobs;
}

interface Core extends Required<HostOptions> {
  readonly db: PostgresDatabase;
  readonly storage: MessageStorage;
  readonly publisher: OutboxPublisher;
  readonly service: Service;
  readonly progress: Progress;
}

interface Parts extends Core {
  readonly consumers: readonly Consumer[];
}

function createParts(options: Required<HostOptions>): Parts {
  const { definition, databaseUrl: url, bus, telemetry, clock, ids, timers, maxConnections, beforeCommit } = options;
  const { log, tracing } = telemetry;
  const onError = (error: unknown) => log.error({ err: error }, 'Background work has failed; it will be tried again.');
  const db = new PostgresDatabase({ url, maxConnections, onError, beforeCommit });
  const storage = postgresMessageStorage(db);
  const publisher = new OutboxPublisher({
    outbox: storage.outbox,
    bus,
    source: `/services/${definition.name}`,
    timers,
    onError,
  });
  // Before `begin` others may not have subscribed yet: what is written by then is published from the table.
  const progress: Progress = { hasBegun: false };
  const onCommitted = (rows: readonly OutboxRow[]) => progress.hasBegun && publisher.publish(rows);
  const outbox = new PostgresOutbox({ db, clock, ids, onCommitted });

  const onFailedAttempt = ({ queue, id, attempt, error, givenUp }: FailedAttempt) =>
    log[givenUp ? 'error' : 'info']({ queue, id, attempt, reason: error.message }, 'A job has failed.');
  const service = definition.create({
    db,
    outbox,
    clock,
    ids,
    timers,
    telemetry,
    jobs: () => {
      progress.jobs ??= createJobs({ url, db, tracing, onError, onFailedAttempt, timers });
      return progress.jobs;
    },
  });
  const core = { ...options, db, storage, publisher, service, progress };
  return { ...core, consumers: createConsumers(core) };
}

function running(parts: Parts, server: ServiceServer, url: string): RunningService {
  const { definition, telemetry, db, publisher, service, progress, consumers } = parts;
  return {
    name: definition.name,
    url,
    service,
    consumers,
    publisher,
    server,
    async begin() {
      progress.hasBegun = true;
      await publisher.start();
      await Promise.all(consumers.map((consumer) => consumer.catchUpNewChannels()));
      await progress.jobs?.start();
      await startSagaTimers(service, consumers);
      server.markReady();
    },
    async stop() {
      service.sagas?.runtime.stopTimers();
      await server.close();
      await progress.jobs?.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await publisher.stop();
      await service.stop?.();
      await db.close();
      await telemetry.tracing.shutdown();
    },
  };
}

function createConsumers({ service, db, storage, bus, telemetry, ids, timers }: Core): Consumer[] {
  const { log, metrics, tracing } = telemetry;
  const handled = new Counter({
    name: 'messages_handled_total',
    help: 'Messages handled.',
    labelNames: ['consumer'],
    registers: [metrics],
  });
  const parked = new Counter({
    name: 'messages_parked_total',
    help: 'Failed tries of messages.',
    labelNames: ['consumer'],
    registers: [metrics],
  });
  const observer = {
    handled: (consumer: string) => handled.inc({ consumer }),
    parked: (consumer: string, message: { id: string; type: string }, error: unknown) => {
      parked.inc({ consumer });
      log.warn(
        { consumer, messageId: message.id, type: message.type, err: error },
        'A message could not be handled; it is parked.',
      );
    },
    failed: (consumer: string, error: unknown) =>
      log.error({ consumer, err: error }, 'A consumer cannot work; it tries again.'),
  };
  const nextId = () => ids.next();
  const consumers = service.consumers.map(
    (definition) => new Consumer({ definition, storage, bus, tracing, nextId, observer, timers }),
  );
  const backlog = new Gauge({
    name: 'messages_backlog',
    help: 'Messages received and not handled yet.',
    labelNames: ['consumer'],
    registers: [metrics],
    collect: () => {
      for (const consumer of consumers) backlog.set({ consumer: consumer.name }, consumer.backlog);
    },
  });
  outboxMetrics(db, telemetry);
  return consumers;
}

/** Late is visible: how much waits, and for how long. */
function outboxMetrics(db: PostgresDatabase, { metrics }: Telemetry): void {
  const unpublished = new Gauge({
    name: 'outbox_unpublished',
    help: 'Outbox rows not published yet.',
    registers: [metrics],
  });
  const parkedKeys = new Gauge({ name: 'parked_keys', help: 'Keys in the parking lot.', registers: [metrics] });
  const age = new Gauge({
    name: 'outbox_age_seconds',
    help: 'Age of the oldest unpublished outbox row.',
    registers: [metrics],
    async collect() {
      const [row] = await db.query<{ count: number; age: number; parked: number }>(
        `select count(*) as count, coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float as age,
           (select count(*) from inbox where parked) as parked
         from outbox where published_at is null`,
      );
      age.set(row?.age ?? 0);
      unpublished.set(row?.count ?? 0);
      parkedKeys.set(row?.parked ?? 0);
    },
  });
}

async function createServer(parts: Parts): Promise<ServiceServer> {
  const { service, definition, version, telemetry, verifier, db, clock, consumers } = parts;
  const operations = operationsController({
    deadLetters: new DeadLetters(db),
    sagas: service.sagas,
    breakers: service.breakers ?? (() => []),
    onReplay: () => {
      for (const consumer of consumers) consumer.scanSoon();
    },
  });
  return createServiceServer({
    service: definition.name,
    version,
    telemetry,
    db,
    verifier,
    clock,
    routes: [...service.routes, operations],
    checks: { database: () => db.query('select 1') },
    consistency: consistencyGate(consumers),
    ...(service.errors && { errors: service.errors }),
  });
}

async function startSagaTimers({ sagas }: Service, consumers: readonly Consumer[]): Promise<void> {
  if (!sagas) return;
  const consumer = consumers.find(({ name }) => name === sagas.consumer);
  if (!consumer) throw new Error(`The sagas listen to the consumer ${sagas.consumer}, which does not exist.`);
  await sagas.runtime.startTimers(consumer);
}
