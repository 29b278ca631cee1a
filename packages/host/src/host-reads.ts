import type { Timers } from '@ashlar/domain';
import { onPrimary, type PostgresDatabase, type Reads, ReplicaSet } from '@ashlar/postgres';
import { Gauge, type Telemetry } from '@ashlar/telemetry';
import type { ServiceDefinition } from './service.ts';

export interface HostReadsOptions {
  readonly definition: ServiceDefinition;
  readonly db: PostgresDatabase;
  readonly replicaUrls: readonly string[];
  readonly telemetry: Telemetry;
  readonly timers: Timers;
}

export interface HostReads {
  readonly reads: Reads;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** With what caches and read models add to it, a change is still seen by everybody within a second. */
const MAX_LAG_MS = 500;

/** Where a service reads: its primary, or the replicas that it is given. */
export function hostReads({ definition, db, replicaUrls, telemetry, timers }: HostReadsOptions): HostReads {
  if (replicaUrls.length === 0 || !definition.readsReplicas)
    return { reads: onPrimary(db), start: async () => {}, stop: async () => {} };
  const onError = (error: unknown) => telemetry.log.debug({ err: error }, 'A replica, or the primary, is away.');
  const replicas = new ReplicaSet({ primary: db, urls: replicaUrls, maxLagMs: MAX_LAG_MS, timers, onError });
  new Gauge({
    name: 'database_replica_lag_seconds',
    help: 'So old may be what is read on a replica; one that is away has none.',
    labelNames: ['replica'],
    registers: [telemetry.metrics],
    collect() {
      this.reset();
      for (const { replica, isReachable, lagMs } of replicas.replicas()) {
        if (isReachable && Number.isFinite(lagMs)) this.set({ replica }, lagMs / 1_000);
      }
    },
  });
  return { reads: replicas, start: () => replicas.start(), stop: () => replicas.stop() };
}
