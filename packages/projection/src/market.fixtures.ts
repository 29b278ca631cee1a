import type { TestContext } from 'node:test';
import { DomainError, systemClock, type Timers, UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  type ConsumerDefinition,
  command,
  type Data,
  event,
  LocalBus,
  type MessageStorage,
  OutboxPublisher,
  type OutboxRow,
  on,
  outgoing,
  PostgresOutbox,
  postgresMessageStorage,
} from '@ashlar/messaging';
import type { PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import Type from 'typebox';
import { MessageProjection, type OwnFacts } from './message-projection.ts';
import { Bank } from './projection.fixtures.ts';

const ids = new UuidV7Ids();

const Price = Type.Object({ id: Type.String(), version: Type.Integer(), price: Type.Integer() });
const Priced = event('shop.Priced.v1', Price);
const Restated = event('shop.Restated.v1', Type.Object({ ...Price.properties, requestId: Type.String() }));
const AllRestated = event('shop.AllRestated.v1', Type.Object({ requestId: Type.String(), count: Type.Integer() }));
const Restate = command('shop.Restate.v1', Type.Object({ requestId: Type.String() }));

export const TABLES = 'create table prices (id text primary key, version int not null, price int not null)';

export const PUT = `
  insert into prices select * from json_to_recordset($1) as r (id text, version int, price int) order by id
  on conflict (id) do update
  set version = excluded.version, price = excluded.price where prices.version < excluded.version`;

/** A shop that says its prices, and a desk with a replica of them; both keep their messages in one database. */
export class Market {
  readonly #bus = new LocalBus();
  readonly #storage: MessageStorage;
  readonly #publisher: OutboxPublisher;
  readonly #outbox: PostgresOutbox;

  private constructor(
    private readonly t: TestContext,
    readonly bank: Bank,
  ) {
    const { db } = bank;
    this.#storage = postgresMessageStorage(db);
    const { outbox } = this.#storage;
    this.#publisher = new OutboxPublisher({ outbox, bus: this.#bus, source: '/services/shop', onError: () => {} });
    const onCommitted = (rows: readonly OutboxRow[]) => this.#publisher.publish(rows);
    this.#outbox = new PostgresOutbox({ db, clock: systemClock, ids, onCommitted });
  }

  static async open(t: TestContext): Promise<Market> {
    const market = new Market(t, await Bank.open(t));
    await market.db.execute('create table shop (id text primary key, version int not null, price int not null)');
    await market.#publisher.start();
    t.after(() => market.#publisher.stop());
    return market;
  }

  get db(): PostgresDatabase {
    return this.bank.db;
  }

  async price(id: string, amount: number): Promise<void> {
    await this.db.transaction(async () => {
      const [row] = await this.db.execute<{ version: number }>(
        `insert into shop as s values ($1, 1, $2)
         on conflict (id) do update set version = s.version + 1, price = excluded.price returning version`,
        [id, amount],
      );
      await this.#outbox.add([outgoing(Priced, id, { id, version: row!.version, price: amount })]);
    });
  }

  /** The replica's prices: `cup=5`. */
  async prices(): Promise<string[]> {
    const rows = await this.db.query<{ line: string }>(`select id || '=' || price as line from prices order by id`);
    return rows.map(({ line }) => line);
  }

  projection(version = 1, tables = TABLES, timers?: Timers): MessageProjection {
    const restatement = {
      outbox: this.#outbox,
      request: Restate,
      fact: Restated,
      told: AllRestated,
    };
    const definition = { name: 'desk.prices', version, tables, ...(timers && { timers }) };
    const projection = new MessageProjection({ db: this.db, ...definition, restatement });
    this.t.after(() => projection.stop());
    return projection;
  }

  /** The same, where the shop and its desk are one service: its facts are read again in the shop's own table. */
  ownProjection(portions: string[] = []): MessageProjection {
    const restatement: OwnFacts = {
      portion: async (after, write) => {
        const [last] = await write<{ id: string }>(
          `with portion as (select * from shop where id > $1 order by id limit 2),
           written as (insert into prices select * from portion on conflict (id) do update
             set version = excluded.version, price = excluded.price where prices.version < excluded.version)
           select id from portion order by id desc limit 1`,
          [after ?? ''],
        );
        portions.push(last?.id ?? 'end');
        return last?.id;
      },
    };
    const projection = new MessageProjection({
      db: this.db,
      name: 'desk.prices',
      version: 1,
      tables: TABLES,
      restatement,
    });
    this.t.after(() => projection.stop());
    return projection;
  }

  /** Takes prices into the replica, but for those that it refuses. */
  async desk(projection: MessageProjection, refuses = (_price: number) => false): Promise<Consumer> {
    const put = async ({ data: { id, version, price } }: { data: Data<typeof Priced> }) => {
      if (refuses(price)) throw new DomainError('no', 'invalid', 'It is refused.');
      await projection.put(PUT, { id, version, price });
    };
    await projection.prepare();
    const consumer = await this.#consume(projection.consumer([on(Priced, put), on(Restated, put)]));
    projection.start();
    return consumer;
  }

  /** Says all prices again when it is asked. */
  async shop(): Promise<Consumer> {
    const restate = async ({ data: { requestId } }: { data: Data<typeof Restate> }) => {
      const all = await this.db.query<Data<typeof Priced>>('select id, version, price from shop order by id');
      await this.#outbox.add([
        outgoing(AllRestated, requestId, { requestId, count: all.length }),
        ...all.map((one) => outgoing(Restated, one.id, { ...one, requestId })),
      ]);
    };
    return this.#consume({ name: 'shop.commands', subscriptions: [on(Restate, restate)] });
  }

  async #consume(definition: ConsumerDefinition): Promise<Consumer> {
    const tracing = createTracing({ service: 'desk' });
    const nextId = () => ids.next();
    const consumer = new Consumer({ definition, storage: this.#storage, bus: this.#bus, tracing, nextId });
    consumer.start();
    this.t.after(() => consumer.stop());
    await consumer.catchUpNewChannels();
    return consumer;
  }
}
