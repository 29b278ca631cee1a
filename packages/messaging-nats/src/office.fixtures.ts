import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  event,
  messagingMigrations,
  OutboxPublisher,
  on,
  outgoing,
  PostgresOutbox,
  postgresMessageStorage,
  Replica,
} from '@ashlar/messaging';
import { createTestDatabase, PostgresDatabase, type TestDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { Type } from 'typebox';
import { connectNatsBus, type NatsBus } from './nats-bus.ts';

const Filed = event('office.Filed.v1', Type.Object({ n: Type.Integer() }));

export const filed = (key: string, n: number) => outgoing(Filed, key, { n });

const EFFECTS = `create table effects (
  position bigserial primary key, replica text not null, key text not null, n int not null,
  at timestamptz not null default clock_timestamp())`;

/** The database of one service, for all of its replicas. */
export const anOfficeDatabase = async (): Promise<TestDatabase> =>
  createTestDatabase([...(await messagingMigrations()), { name: 'test/001-effects', sql: EFFECTS }]);

export interface OfficeOptions {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly namespace: string;
  readonly replica: string;
  /** How long a message takes. */
  readonly workMs?: number;
  /** Whether it only says things, and is none of the replicas that share the rest. */
  readonly isDeaf?: boolean;
}

/** A replica of a service that files what it hears from itself, each with the name of the replica. */
export class Office {
  readonly errors: unknown[] = [];
  readonly outbox: PostgresOutbox;
  readonly publisher: OutboxPublisher;
  readonly consumer: Consumer;
  readonly replica: Replica;
  #isClosed = false;

  private constructor(
    readonly options: OfficeOptions,
    readonly db: PostgresDatabase,
    readonly bus: NatsBus,
  ) {
    const ids = new UuidV7Ids();
    const storage = postgresMessageStorage(db);
    const parts = { storage, bus, onError: (error: unknown) => this.errors.push(error) };
    const nextId = () => ids.next();
    const clock = systemClock;
    const { replica: name, workMs = 0 } = options;
    this.replica = new Replica({ ...parts, leases: storage.leases, name, nextId, clock, timers: systemTimers });
    const upkeep = options.isDeaf
      ? undefined
      : this.replica.keep('upkeep', { gained: () => this.publisher.sweepSoon() });
    const { outbox, receipts } = storage;
    this.publisher = new OutboxPublisher({ ...parts, outbox, receipts, source: '/services/office', upkeep });
    const onCommitted = (rows: Parameters<OutboxPublisher['publish']>[0]) => this.publisher.publish(rows);
    this.outbox = new PostgresOutbox({ db, clock, ids, onCommitted });
    this.consumer = new Consumer({
      ...parts,
      definition: {
        name: 'office.files',
        subscriptions: [
          on(Filed, async ({ subject, data }) => {
            if (workMs > 0) await new Promise((resolve) => setTimeout(resolve, workMs));
            const values = [name, subject, data.n];
            await db.write({ sql: 'insert into effects (replica, key, n) values ($1, $2, $3)', values });
          }),
        ],
      },
      tracing: createTracing({ service: name }),
      nextId,
      sharing: this.replica,
      upkeep,
      observer: { failed: (_, error) => this.errors.push(error) },
    });
  }

  static async open(options: OfficeOptions): Promise<Office> {
    const errors: unknown[] = [];
    const { natsUrl: url, namespace, replica } = options;
    const bus = await connectNatsBus({ url, namespace, replica, onError: (error) => errors.push(error) });
    const db = new PostgresDatabase({ url: options.databaseUrl, maxConnections: 4 });
    const office = new Office(options, db, bus);
    errors.push = (...found) => office.errors.push(...found);
    if (!options.isDeaf) {
      office.consumer.start();
      await office.replica.start();
    }
    await office.publisher.start();
    return office;
  }

  /** Says so many things under each of so many keys, each in a transaction of its own. */
  async file(keys: number, { from = 1, to = from }: { from?: number; to?: number } = {}): Promise<void> {
    for (let n = from; n <= to; n++)
      await this.outbox.add(Array.from({ length: keys }, (_, key) => filed(`key${key}`, n)));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.consumer.stop();
    await this.publisher.stop();
    if (!this.options.isDeaf) await this.replica.stop();
    await this.bus.close();
    await this.db.close();
  }
}

export interface Effect {
  readonly replica: string;
  readonly key: string;
  readonly n: number;
}

/** What was done, in the order in which it was done. */
export const effectsIn = (db: PostgresDatabase): Promise<Effect[]> =>
  db.query<Effect & { key: string }>('select replica, key, n from effects order by position');

/** What is wrong with these effects, where each key was to have the numbers from 1 on, in order. */
export function disorder(effects: readonly Effect[], keys: number, to: number): string[] {
  const byKey = Map.groupBy(effects, ({ key }) => key);
  const expected = Array.from({ length: to }, (_, index) => index + 1).join();
  return Array.from({ length: keys }, (_, key) => `key${key}`).flatMap((key) => {
    const found = (byKey.get(key) ?? []).map(({ n }) => n).join();
    return found === expected ? [] : [`${key}: ${found}`];
  });
}
