import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import { createServiceServer } from '@ashlar/http';
import { createJobs } from '@ashlar/jobs';
import { type Contract, DeadLetters, Lateness, type Overhearing, PostgresOutbox } from '@ashlar/messaging';
import { onPrimary, PostgresDatabase } from '@ashlar/postgres';
import { asyncApi, type JsonObject, type ServiceMessages } from '@ashlar/published-language';
import { createTelemetry } from '@ashlar/telemetry';
import { routesOf } from './operations.controller.ts';
import type { Service, ServiceDefinition } from './service.ts';

export interface DescribeOptions {
  readonly definition: ServiceDefinition;
  readonly version: string;
  /** The contracts that the service owns. */
  readonly owns: readonly Contract[];
}

/** All that a service says to the world. */
export interface ServiceDescription {
  readonly service: string;
  readonly messages: ServiceMessages;
  readonly openApi: JsonObject;
  readonly asyncApi: JsonObject;
}

/** Nobody listens there, and nobody asks: a description is made without a query. */
const NO_DATABASE = 'postgres://nobody@127.0.0.1:1/none';

const SILENCE: Overhearing = { overhear: () => () => {} };

/**
 * Describes a service by what it would run with: it is built as for production, but nothing of it is started, so
 * that no database, broker or neighbour has to be there.
 */
export async function describeService({ definition, version, owns }: DescribeOptions): Promise<ServiceDescription> {
  const telemetry = createTelemetry({ service: definition.name, logLevel: 'silent' });
  const { clock, ids, timers } = { clock: systemClock, ids: new UuidV7Ids(), timers: systemTimers };
  const db = new PostgresDatabase({ url: NO_DATABASE });
  const outbox = new PostgresOutbox({ db, clock, ids, onCommitted: () => {} });
  const [onError, onFailedAttempt] = [() => {}, () => {}];
  const jobs = () => createJobs({ url: NO_DATABASE, db, tracing: telemetry.tracing, onError, onFailedAttempt, timers });
  const service = definition.create({
    db,
    reads: onPrimary(db),
    outbox,
    clock,
    ids,
    timers,
    telemetry,
    news: SILENCE,
    jobs,
  });
  const { sagas, projections = [] } = service;
  const late = { lateness: new Lateness(db), consumers: [], projections, sagas, clock };
  const server = await createServiceServer({
    service: definition.name,
    version,
    telemetry,
    db: undefined,
    verifier: { verify: () => Promise.reject(new Error('A description has no callers.')) },
    clock,
    routes: routesOf(service, {
      deadLetters: new DeadLetters(db),
      late,
      said: async () => [],
      republish: async () => 0,
      onReplay: () => {},
      traces: { recorder: telemetry.recorder, service: definition.name, replica: 'none' },
    }),
  });
  try {
    const openApi = (await server.inject({ url: '/openapi.json' })).json<JsonObject>();
    const messages = messagesOf({ definition, version, owns }, service);
    return { service: definition.name, messages, openApi, asyncApi: asyncApi(messages) };
  } finally {
    await server.close();
    await service.stop?.();
    await db.close();
    await telemetry.tracing.shutdown();
  }
}

const messagesOf = ({ definition, version, owns }: DescribeOptions, service: Service): ServiceMessages => ({
  service: definition.name,
  version,
  owns,
  sends: [
    ...(service.sagas?.runtime.commands() ?? []),
    ...(service.projections ?? []).flatMap(({ asks = [] }) => asks),
  ],
  reactions: service.consumers.flatMap(({ name, subscriptions }) =>
    subscriptions.map(({ contract }) => ({ consumer: name, contract })),
  ),
});
