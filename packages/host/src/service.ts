import type { Clock, DomainError, Ids, Timers } from '@ashlar/domain';
import type { Jobs } from '@ashlar/jobs';
import type { ConsumerDefinition, Contract, Duty, Outbox, Overhearing } from '@ashlar/messaging';
import type { PersonalVault } from '@ashlar/personal-data';
import type { Database, Migration, Reads } from '@ashlar/postgres';
import type { Projection } from '@ashlar/projection';
import type { SagaCounts, SagaFilter, SagaView } from '@ashlar/saga';
import type { Telemetry } from '@ashlar/telemetry';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';

/** What a service is given to be made of: its own database, its outbox, and the doors for time, chance and ids. */
export interface ServicePlatform {
  readonly db: Database;
  /** Where it reads what it does not change: its replicas are as good as their lag allows. */
  readonly reads: Reads;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly telemetry: Telemetry;
  /** What is said on the bus, its own words among it; see `Overhearing` for how little is promised. */
  readonly news: Overhearing;
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
    startTimers(consumer: { settled(): Promise<void> }, duty?: Duty): Promise<void>;
    stopTimers(): void;
    list(filter: SagaFilter): Promise<SagaView[]>;
    view(id: string): Promise<SagaView | undefined>;
    retry(id: string): Promise<void>;
    /** What the sagas ask of others. */
    commands(): readonly Contract[];
    counts(): Promise<SagaCounts>;
  };
}

/** Where events go that nothing follows any more, as the host sees it. */
export interface HostedArchive {
  /** Archives by age, from now on. */
  start(): void;
  stop(): void;
  /** Archives all that has ended, now. */
  archiveEnded(): Promise<{ readonly streams: number; readonly events: number }>;
}

/** A service's ports to the world. */
export interface Service {
  readonly routes: readonly FastifyPluginAsyncTypebox[];
  readonly consumers: readonly ConsumerDefinition[];
  /** Its read models; one that is fed by messages has a consumer of the same name. */
  readonly projections?: readonly Projection[];
  readonly sagas?: HostedSagas;
  readonly archive?: HostedArchive;
  readonly breakers?: () => readonly BreakerView[];
  /** Seals the answers that hold personal data, where routes tell whose. */
  readonly vault?: PersonalVault;
  /** Makes a refusal of an error that the service knows, such as the violation of one of its unique indexes. */
  readonly errors?: (error: unknown) => DomainError | undefined;
  /** Before the first request. */
  start?(): Promise<void>;
  stop?(): Promise<void>;
}

export interface ServiceDefinition {
  readonly name: string;
  /** It reads by `reads`, so that replicas of its database are of use. */
  readonly readsReplicas?: true;
  migrations(): Promise<readonly Migration[]>;
  create(platform: ServicePlatform): Service;
}
