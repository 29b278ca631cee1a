import type { Clock, Ids, Timers } from '@ashlar/domain';
import {
  type Bus,
  type Duty,
  type MessageStorage,
  OutboxPublisher,
  postgresMessageStorage,
  Replica,
} from '@ashlar/messaging';
import type { Database } from '@ashlar/postgres';
import type { Tracing } from '@ashlar/telemetry';
import type { ServiceDefinition } from './service.ts';

/** What one replica does for all. */
interface Duties {
  readonly upkeep: Duty;
  readonly deadlines: Duty;
}

/** What carries the messages of this replica, and what it does for all. */
export interface Transport {
  readonly storage: MessageStorage;
  readonly replica: Replica;
  readonly duties: Duties;
  readonly publisher: OutboxPublisher;
}

interface TransportOptions {
  readonly definition: ServiceDefinition;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly replica: string;
}

interface Surroundings {
  readonly db: Database;
  readonly tracing: Tracing;
  readonly onError: (error: unknown) => void;
}

export function createTransport(
  { definition, bus, clock, ids, timers, replica: name }: TransportOptions,
  { db, tracing, onError }: Surroundings,
): Transport {
  const storage = postgresMessageStorage(db);
  const nextId = () => ids.next();
  const replica = new Replica({ leases: storage.leases, name, nextId, clock, timers, onError });
  const upkeep = replica.keep('upkeep', { gained: () => publisher.sweepSoon() });
  const duties = { upkeep, deadlines: replica.keep('deadlines') };
  const { receipts } = storage;
  const source = `/services/${definition.name}`;
  const publisher = new OutboxPublisher({
    outbox: storage.outbox,
    bus,
    source,
    timers,
    onError,
    upkeep,
    clock,
    receipts,
    tracing,
  });
  return { storage, replica, duties, publisher };
}
