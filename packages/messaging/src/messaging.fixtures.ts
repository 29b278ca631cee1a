import { after, before, type TestContext } from 'node:test';
import { systemClock, systemTimers, UuidV7Ids } from '@ashlar/domain';
import {
  createTestDatabase,
  type Database,
  type DatabaseOptions,
  databaseMissing,
  eventually,
  PostgresDatabase,
  type TestDatabase,
} from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { Type } from 'typebox';
import { Consumer } from './consumer.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { type Contract, event } from './contract.ts';
import { HandBus, nameOf } from './hand-bus.fixtures.ts';
import { ManualTimers } from './manual-timers.fixtures.ts';
import { type Message, type OutboxRow, outgoing, type Parcel, toMessage } from './message.ts';
import { messagingMigrations } from './migrations.ts';
import { PostgresOutbox } from './outbox.ts';
import { OutboxPublisher, type PublisherOptions } from './publisher.ts';
import { postgresMessageStorage } from './storage.ts';
import { on, type Subscription } from './subscription.ts';

export const SOURCE = '/services/shop';
export const OrderPlaced = event('shop.OrderPlaced.v1', Type.Object({ n: Type.Integer() }));
/** A type that no consumer of these tests reacts to. */
export const OrderViewed = event('shop.OrderViewed.v1', Type.Object({}));
export const OrderAnswered = event('desk.OrderAnswered.v1', Type.Object({ n: Type.Integer() }));

export const placed = (key: string, n: number) => outgoing(OrderPlaced, key, { n });

const ids = new UuidV7Ids();
const trace = 'ab'.repeat(16);

/** The message number `sequence` of a key, as a bus would deliver it. */
export function aMessage(
  key: string,
  sequence: number,
  options: { contract?: Contract; data?: unknown; id?: string } = {},
): Parcel {
  const { contract = OrderPlaced, data = { n: sequence }, id = ids.next() } = options;
  const context = { traceparent: `00-${trace}-${'cd'.repeat(8)}-01`, correlationid: `correlation of ${key}` };
  const time = systemClock.now().toISOString();
  const message = toMessage(SOURCE, { id, type: contract.type, key, sequence, time, data, context });
  return { channel: contract.channel, message };
}

export const messages = (key: string, count: number): Parcel[] =>
  Array.from({ length: count }, (_, index) => aMessage(key, index + 1));

export type Order = Message<{ n: number }>;

const EFFECTS = `
  create table effects (
    position bigserial primary key, consumer text not null, key text not null, n int not null check (n <> 13)
  );
  create table counters (id text primary key, version int not null, state jsonb not null)`;

const TABLES = 'outbox, outbox_keys, inbox, parked_messages, leases, replicas, receipts, consumers, effects, counters';

/** One database for the tests of a file, emptied before each `setUp`. */
export function useMessaging() {
  let server: TestDatabase;
  before(async () => {
    if (databaseMissing) return;
    server = await createTestDatabase([...(await messagingMigrations()), { name: 'test/001-effects', sql: EFFECTS }]);
  });
  after(async () => server?.drop());
  return async (t: TestContext, options: Partial<DatabaseOptions> = {}): Promise<Desk> => {
    const desk = new Desk(t, server, options);
    await desk.db.execute(`truncate ${TABLES} restart identity`);
    return desk;
  };
}

type Handle = (order: Order) => Promise<unknown>;
type ForConsumer = ConsumerOptions & { name: string; db: Database };

/**
 * A service that notes the orders that it hears of in `effects`, with everything around it in the hands of the test.
 */
export class Desk {
  readonly bus = new HandBus();
  readonly timers = new ManualTimers();
  readonly db: PostgresDatabase;
  readonly failures: unknown[] = [];
  readonly parked: string[] = [];
  readonly handled: string[] = [];
  readonly numberedAgain: string[] = [];

  /** What was made last ends first. */
  readonly #atEnd: (() => Promise<void>)[] = [];

  constructor(
    t: TestContext,
    readonly server: TestDatabase,
    options: Partial<DatabaseOptions>,
  ) {
    this.db = this.pool(options);
    t.after(async () => {
      for (const end of this.#atEnd) await end();
    });
  }

  /** Another pool, as another process would have. */
  pool(options: Partial<DatabaseOptions> = {}): PostgresDatabase {
    return this.closing(new PostgresDatabase({ url: this.server.url, ...options }));
  }

  closing<D extends PostgresDatabase>(db: D): D {
    this.#atEnd.unshift(() => db.close());
    return db;
  }

  note({ subject, data }: Order, { db = this.db, consumer = 'desk' } = {}): Promise<void> {
    return db.write({
      sql: 'insert into effects (consumer, key, n) values ($1, $2, $3)',
      values: [consumer, subject, data.n],
    });
  }

  consumer(handle: Handle = (order) => this.note(order), { db = this.db, ...options }: Partial<ForConsumer> = {}) {
    const subscriptions: Subscription[] = [on(OrderPlaced, handle)];
    const consumer = new Consumer({
      definition: { name: options.name ?? 'desk', subscriptions },
      storage: postgresMessageStorage(db),
      bus: this.bus,
      tracing: createTracing({ service: 'desk' }),
      nextId: () => ids.next(),
      timers: this.timers,
      chance: () => 0,
      observer: {
        failed: (_name, error) => this.failures.push(error),
        parked: (_name, { subject, sequence }) => this.parked.push(`${subject}/${Number(sequence)}`),
        handled: (_name, { subject, sequence }) => this.handled.push(`${subject}/${Number(sequence)}`),
        numberedAgain: (_name, parcel) => this.numberedAgain.push(nameOf(parcel)),
      },
      ...options,
    });
    consumer.start();
    this.#atEnd.unshift(() => consumer.stop());
    return consumer;
  }

  outbox(onCommitted: (rows: readonly OutboxRow[]) => void = () => {}, db = this.db): PostgresOutbox {
    return new PostgresOutbox({ db, clock: systemClock, ids, onCommitted });
  }

  publisher({ db = this.db, ...options }: Partial<PublisherOptions> & { db?: Database } = {}): OutboxPublisher {
    const publisher = new OutboxPublisher({
      outbox: postgresMessageStorage(db).outbox,
      bus: this.bus,
      source: SOURCE,
      timers: this.timers,
      onError: (error) => this.failures.push(error),
      ...options,
    });
    this.#atEnd.unshift(() => publisher.stop());
    return publisher;
  }

  /** What was done, in the order in which it was done: `k/1`. */
  async effects(where = 'true'): Promise<string[]> {
    const rows = await this.db.query<{ effect: string }>(
      `select key || '/' || n as effect from effects where ${where} order by position`,
    );
    return rows.map(({ effect }) => effect);
  }

  async effectsBecome(...expected: readonly string[]): Promise<void> {
    const wanted = expected.join(' ');
    await eventually(`the effects are ${wanted}`, async () => (await this.effects()).join(' ') === wanted);
  }

  /** The parking lot: `k/2 dead`. */
  async lot(): Promise<string[]> {
    const rows = await this.db.query<{ row: string }>(
      `select key || '/' || sequence || ' ' || status as row from parked_messages order by key, sequence`,
    );
    return rows.map(({ row }) => row);
  }

  /** The consumer has set messages of so many lines aside. */
  async untilHeld(lines = 1): Promise<void> {
    await eventually('messages are held', () => this.timers.waiting === lines);
  }

  /** Lets every parked message be due, and the consumer look. */
  async timePasses(): Promise<void> {
    await this.db.execute(`update parked_messages set next_attempt_at = clock_timestamp() where status = 'retrying'`);
    this.timers.advance(1_000);
  }

  async untilLot(...expected: readonly string[]): Promise<void> {
    const wanted = expected.join(', ');
    await eventually(
      `the parking lot holds ${wanted || 'nothing'}`,
      async () => (await this.lot()).join(', ') === wanted,
    );
  }
}

export const realTimers = systemTimers;

/** Numbers that look random and come again for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], chance: () => number): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(chance() * (index + 1));
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}
