import { after, before, type TestContext } from 'node:test';
import { type Stop, systemClock, type Timers, UuidV7Ids } from '@ashlar/domain';
import { type Contract, type Message, messagingMigrations, type OutboxRow, PostgresOutbox } from '@ashlar/messaging';
import { createTestDatabase, databaseMissing, PostgresDatabase, type TestDatabase } from '@ashlar/postgres';
import { sagaMigrations } from './migrations.ts';
import { PostgresSagaStore } from './postgres-saga-store.ts';
import { type SagaHandlers, SagaRuntime, type SagaRuntimeOptions } from './saga-runtime.ts';
import { TIMEOUT_MS, type Trip, trip, wordOf } from './trip.fixtures.ts';

const NOTES = 'create table notes (position bigserial primary key, note text not null)';
const ids = new UuidV7Ids();

/** Timers that fire when a test says so. */
export class HandTimers implements Timers {
  readonly #every = new Set<() => Promise<void>>();
  readonly #once = new Set<() => void>();

  once(_ms: number, work: () => void): Stop {
    this.#once.add(work);
    return () => this.#once.delete(work);
  }

  every(_ms: number, work: () => Promise<void>): Stop {
    this.#every.add(work);
    return () => this.#every.delete(work);
  }

  async tick(): Promise<void> {
    await Promise.all([...this.#every].map((work) => work()));
  }

  /** How many single timers are set. */
  get waiting(): number {
    return this.#once.size;
  }

  patienceEnds(): void {
    for (const work of this.#once) work();
    this.#once.clear();
  }
}

/** One process of a service that has sagas; two of them on one database are two replicas. */
export class Replica {
  readonly timers = new HandTimers();
  readonly errors: unknown[] = [];
  readonly runtime: SagaRuntime<Trip>;
  readonly db: PostgresDatabase;
  readonly outbox: PostgresOutbox;
  /** Gets what was said; it stays in the outbox where nobody takes it. */
  onCommitted: (rows: readonly OutboxRow[]) => void = () => {};

  constructor(
    readonly server: TestDatabase,
    options: Partial<SagaRuntimeOptions<Trip>>,
  ) {
    this.db = new PostgresDatabase({ url: server.url });
    const onCommitted = (rows: readonly OutboxRow[]) => this.onCommitted(rows);
    this.outbox = new PostgresOutbox({ db: this.db, clock: systemClock, ids, onCommitted });
    this.runtime = new SagaRuntime<Trip>({
      work: this.db,
      store: new PostgresSagaStore(this.db, trip.name),
      outbox: this.outbox,
      clock: systemClock,
      ids,
      definitions: [trip],
      handlers: {},
      timeoutMs: TIMEOUT_MS,
      timers: this.timers,
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  /** Hears replies as a consumer would: each in one transaction with all that follows. */
  async hears(key: string, ...contracts: readonly Contract[]): Promise<void> {
    for (const contract of contracts) await this.db.transaction(() => this.handle(key, contract));
  }

  async handle(key: string, contract: Contract): Promise<void> {
    const subscription = this.runtime.subscriptions().find(({ contract: { type } }) => type === contract.type)!;
    await subscription.handle(aReply(key, contract));
  }

  /** Lets every deadline pass, by the database's clock, and the timers look. */
  async timePasses(): Promise<void> {
    await this.db.execute(`update sagas set deadline = clock_timestamp() - interval '1 ms' where deadline is not null`);
    await this.timers.tick();
  }

  /** `HoldMoney`, in the order in which they were sent. */
  async sent(key: string): Promise<string[]> {
    const rows = await this.db.query<{ type: string }>('select type from outbox where key = $1 order by position', [
      key,
    ]);
    return rows.map(({ type }) => wordOf(type));
  }

  async notes(): Promise<string[]> {
    const rows = await this.db.query<{ note: string }>('select note from notes order by position');
    return rows.map(({ note }) => note);
  }

  note(text: string): Promise<void> {
    return this.db.write({ sql: 'insert into notes (note) values ($1)', values: [text] });
  }

  async view(key: string) {
    const [view] = await this.runtime.list({ key, limit: 1 });
    return view;
  }
}

/** One database for the tests of a file, emptied before each `setUp`. */
export function useReplicas() {
  let server: TestDatabase;
  before(async () => {
    if (databaseMissing) return;
    const migrations = [...(await messagingMigrations()), ...(await sagaMigrations())];
    server = await createTestDatabase([...migrations, { name: 'test/001-notes', sql: NOTES }]);
  });
  after(async () => server?.drop());

  return async (t: TestContext) => {
    const replica = (options: Partial<SagaRuntimeOptions<Trip>> & { handlers?: SagaHandlers<Trip> } = {}): Replica => {
      const made = new Replica(server, options);
      t.after(() => made.db.close());
      return made;
    };
    await replica().db.execute(
      'truncate sagas, outbox, outbox_keys, inbox, parked_messages, consumers, notes restart identity',
    );
    return replica;
  };
}

const trace = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

function aReply(key: string, { type }: Contract): Message {
  const id = ids.next();
  return {
    specversion: '1.0',
    id,
    source: '/services/bank',
    type,
    subject: key,
    time: systemClock.now().toISOString(),
    datacontenttype: 'application/json',
    dataschema: `urn:ashlar:schema:${type}`,
    partitionkey: key,
    sequence: '1'.padStart(20, '0'),
    traceparent: trace,
    correlationid: id,
    data: { tripId: key },
  };
}
