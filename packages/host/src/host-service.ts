import { type Clock, type Ids, systemClock, systemTimers, type Timers, UuidV7Ids } from '@ashlar/domain';
import {
  type Check,
  consistencyGate,
  createServiceServer,
  httpMigrations,
  type ServiceServer,
  type TokenVerifier,
} from '@ashlar/http';
import { createJobs, type FailedAttempt, type Jobs } from '@ashlar/jobs';
import {
  type Bus,
  type Consumer,
  DeadLetters,
  forgetAbsent,
  Lateness,
  messagingMigrations,
  type OutboxPublisher,
  type OutboxRow,
  type Overhearing,
  PostgresOutbox,
  parkedLines,
  publishedLines,
  type Replica,
  saidMessages,
} from '@ashlar/messaging';
import { migrate, PostgresDatabase } from '@ashlar/postgres';
import type { Projection } from '@ashlar/projection';
import type { Telemetry } from '@ashlar/telemetry';
import { type HostReads, hostReads } from './host-reads.ts';
import { type LateParts, latenessMetrics } from './lateness-metrics.ts';
import { routesOf } from './operations.controller.ts';
import { saturationMetrics } from './saturation-metrics.ts';
import type { Service, ServiceDefinition } from './service.ts';
import { consumersOf } from './service-consumers.ts';
import { timedJobs } from './timed-work.ts';
import { tracedStatements } from './traced-statements.ts';
import type { RememberedTraces } from './traces.controller.ts';
import { createTransport, type Transport } from './transport.ts';

export interface HostOptions {
  readonly definition: ServiceDefinition;
  readonly version: string;
  /** The service's own role on its own database. */
  readonly databaseUrl: string;
  /** The same database on replicas of its server. */
  readonly replicaUrls?: readonly string[];
  readonly bus: Bus & Overhearing;
  /**
   * The name of this one among the replicas of the service, `order-1` by default. Two that run at the same time have
   * different names; one that starts in the place of another bears its name.
   */
  readonly replica?: string;
  readonly telemetry: Telemetry;
  readonly verifier: TokenVerifier;
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly timers?: Timers;
  readonly maxConnections?: number;
  /** What else has to be there, besides the database, for the service to be ready. */
  readonly checks?: Readonly<Record<string, Check>>;
  /** How long the end waits until the bus answers for what was said; not at all when not told. */
  readonly flushWithinMs?: number;
  /** Where it answers; on a free port of this machine, for nobody else, when not told. */
  readonly address?: { readonly host: string; readonly port: number };
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
  /** Takes over at once what another replica had, whose process has been seen to die. */
  takeOver(replica: string): Promise<void>;
  /** Takes no more work, and ends what runs. */
  stop(): Promise<void>;
}

/** Brings a service up to where it answers and listens; it does not publish or act by itself before `begin`. */
export async function hostService(given: HostOptions): Promise<RunningService> {
  const options = { ...DEFAULTS, ids: new UuidV7Ids(), replica: `${given.definition.name}-1`, ...given };
  await migrate(options.databaseUrl, [
    ...(await messagingMigrations()),
    ...(await httpMigrations()),
    ...(await options.definition.migrations()),
  ]);
  const parts = createParts(options);
  await parts.reading.start();
  const server = await createServer(parts);
  await Promise.all(parts.projections.map((projection) => projection.prepare()));
  await parts.service.start?.();
  const url = await server.listen(options.address);
  // Before anybody publishes: what is said from now on is not said without those who are absent.
  await forgetAbsent(parts.storage.registrations, parts.consumers);
  for (const consumer of parts.consumers) consumer.start();
  return running(parts, server, url);
}

const DEFAULTS = {
  clock: systemClock,
  timers: systemTimers,
  maxConnections: 10,
  checks: {},
  flushWithinMs: 0,
  address: { host: '127.0.0.1', port: 0 },
  beforeCommit: () => {},
  replicaUrls: [],
};

/** What comes to be while the service runs. */
interface Progress {
  hasBegun: boolean;
  jobs?: Jobs;
}

interface Core extends Required<Omit<HostOptions, 'replica'>>, Transport {
  readonly db: PostgresDatabase;
  readonly reading: HostReads;
  readonly service: Service;
  readonly progress: Progress;
  readonly traces: RememberedTraces;
}

interface Parts extends Core, LateParts {
  readonly clock: Clock;
  readonly sagas: Service['sagas'];
}

function createParts(options: Required<HostOptions>): Parts {
  const { definition, databaseUrl: url, telemetry, clock, ids, timers, maxConnections, beforeCommit } = options;
  const { log, tracing } = telemetry;
  const onError = (error: unknown) => log.error({ err: error }, 'Background work has failed; it will be tried again.');
  const roundTrips = tracedStatements(tracing, url);
  const db = new PostgresDatabase({ url, maxConnections, onError, beforeCommit, roundTrips });
  const reading = hostReads({ ...options, db });
  const transport = createTransport(options, { db, tracing, onError });
  const { publisher } = transport;
  // Before `begin` others may not have subscribed yet: what is written by then is published from the table.
  const progress: Progress = { hasBegun: false };
  const onCommitted = (rows: readonly OutboxRow[]) => progress.hasBegun && publisher.publish(rows);
  const outbox = new PostgresOutbox({ db, clock, ids, onCommitted, tracing });

  const onFailedAttempt = ({ queue, id, attempt, error, givenUp }: FailedAttempt) =>
    givenUp
      ? log.error({ queue, id, attempt, reason: error.message }, 'A job was given up.')
      : log.info({ queue, id, attempt, reason: error.message }, 'A job has failed; it will be tried again.');
  const service = definition.create({
    db,
    reads: reading.reads,
    outbox,
    clock,
    ids,
    timers,
    telemetry,
    news: options.bus,
    jobs: () => {
      progress.jobs ??= createJobs({
        url,
        db,
        tracing,
        onError,
        onFailedAttempt,
        timers,
        begins: timedJobs(telemetry),
      });
      return progress.jobs;
    },
  });
  const traces = { recorder: telemetry.recorder, service: definition.name, replica: options.replica };
  const core = { ...options, ...transport, db, reading, service, progress, traces };
  const late = { lateness: new Lateness(db), projections: service.projections ?? [], sagas: service.sagas };
  const parts = { ...core, ...late, consumers: consumersOf({ ...core, upkeep: core.duties.upkeep }) };
  latenessMetrics({ ...parts, jobCounts: async () => (await progress.jobs?.counts()) ?? [] }, telemetry);
  const breakers = service.breakers ?? (() => []);
  saturationMetrics({ db, maxConnections, breakers }, telemetry.metrics);
  return parts;
}

function running(parts: Parts, server: ServiceServer, url: string): RunningService {
  const { definition, telemetry, db, reading, publisher, service, progress, consumers, projections } = parts;
  const { replica, duties, clock } = parts;
  return {
    name: definition.name,
    url,
    service,
    consumers,
    publisher,
    server,
    async begin() {
      progress.hasBegun = true;
      const aloneForMs = since(clock);
      await replica.start();
      await publisher.start();
      await Promise.all(consumers.map((consumer) => consumer.catchUpNewChannels()));
      await progress.jobs?.start(duties.upkeep.claim?.isAfterAbsence ? { aloneForMs } : {});
      for (const projection of projections) runOnOneReplica(projection, replica);
      service.archive?.start();
      await startSagaTimers(parts);
      server.markReady();
    },
    takeOver: (name) => replica.bury(name),
    async stop() {
      service.sagas?.runtime.stopTimers();
      service.archive?.stop();
      await server.close();
      await progress.jobs?.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.all(projections.map((projection) => projection.stop()));
      await flushed(parts);
      await publisher.stop();
      await replica.stop();
      await service.stop?.();
      await reading.stop();
      await db.close();
      await telemetry.tracing.shutdown();
    },
  };
}

const since = (clock: Clock): (() => number) => {
  const from = clock.now().getTime();
  return () => clock.now().getTime() - from;
};

/** Two that project the same events would only get into each other's way. */
const runOnOneReplica = (projection: Projection, replica: Replica): void =>
  void replica.keep(`projection ${projection.name}`, {
    gained: () => projection.start(),
    lost: () => projection.stop(),
  });

const LOOK_AGAIN_MS = 10;

/** What is not answered for by then is found by the sweeper of another replica, or at the next start. */
async function flushed({ publisher, flushWithinMs, timers }: Parts): Promise<void> {
  for (let waited = 0; publisher.inFlight > 0 && waited < flushWithinMs; waited += LOOK_AGAIN_MS)
    await new Promise<void>((resolve) => timers.once(LOOK_AGAIN_MS, resolve));
}

async function createServer(parts: Parts): Promise<ServiceServer> {
  const { service, definition, version, telemetry, verifier, db, reading, clock, consumers, publisher } = parts;
  const onReplay = () => {
    for (const consumer of consumers) consumer.scanSoon();
  };
  const said = (correlationId: string) => saidMessages(db, correlationId);
  const republish = (since: Date) => publisher.republish(since);
  return createServiceServer({
    service: definition.name,
    version,
    telemetry,
    db,
    verifier,
    clock,
    routes: routesOf(service, {
      deadLetters: new DeadLetters(db),
      late: parts,
      said,
      republish,
      onReplay,
      traces: parts.traces,
    }),
    checks: { database: () => db.query('select 1'), ...parts.checks },
    consistency: consistencyGate({
      service: definition.name,
      followers: consumers,
      position: () => reading.reads.position(),
      published: (written) => publishedLines(db, written),
      parked: (names) => parkedLines(db, names),
    }),
    ...(service.errors && { errors: service.errors }),
    ...(service.vault && { vault: service.vault }),
  });
}

async function startSagaTimers({ sagas, consumers, duties }: Parts): Promise<void> {
  if (!sagas) return;
  const consumer = consumers.find(({ name }) => name === sagas.consumer);
  if (!consumer) throw new Error(`The sagas listen to the consumer ${sagas.consumer}, which does not exist.`);
  await sagas.runtime.startTimers(consumer, duties.deadlines);
}
