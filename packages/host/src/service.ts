import type { Clock, DomainError, Ids, Timers } from '@ashlar/domain';
import type { Jobs } from '@ashlar/jobs';
import type { ConsumerDefinition, Outbox } from '@ashlar/messaging';
import type { Database, Migration } from '@ashlar/postgres';
import type { SagaFilter, SagaView } from '@ashlar/saga';
import type { Telemetry } from '@ashlar/telemetry';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';

/** What a service is given to be made of: its own database, its outbox, and the doors for time, chance and ids. */
export interface ServicePlatform {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly telemetry: Telemetry;
  /** The service's background jobs, made on first use; one that has none opens no connections for them. */
  jobs(): Jobs;
}

/** The state of one circuit breaker, for `/ops/services`. */
export interface BreakerView {
  readonly name: string;
  readonly state: string;
  readonly failureRate: number;
}

/** A saga runtime as the host sees it. */
export interface HostedSagas {
  /** The consumer that brings it its replies. */
  readonly consumer: string;
  readonly runtime: {
    startTimers(consumer: { settled(): Promise<void> }): Promise<void>;
    stopTimers(): void;
    list(filter: SagaFilter): Promise<SagaView[]>;
    view(id: string): Promise<SagaView | undefined>;
    retry(id: string): Promise<void>;
  };
}

/** A service's ports to the world. */
export interface Service {
  readonly routes: readonly FastifyPluginAsyncTypebox[];
  readonly consumers: readonly ConsumerDefinition[];
  readonly sagas?: HostedSagas;
  readonly breakers?: () => readonly BreakerView[];
  /** Makes a refusal of an error that the service knows, such as the violation of one of its unique indexes. */
  readonly errors?: (error: unknown) => DomainError | undefined;
  /** Before the first request. */
  start?(): Promise<void>;
  stop?(): Promise<void>;
}

export interface ServiceDefinition {
  readonly name: string;
  migrations(): Promise<readonly Migration[]>;
  create(platform: ServicePlatform): Service;
}
