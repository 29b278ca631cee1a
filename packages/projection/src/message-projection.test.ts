import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
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
import { databaseMissing, eventually, type PostgresDatabase } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import Type from 'typebox';
import { MessageProjection, type OwnFacts } from './message-projection.ts';
import { Bank } from './projection.fixtures.ts';

const options = { skip: databaseMissing };
const ids = new UuidV7Ids();

const Price = Type.Object({ id: Type.String(), version: Type.Integer(), price: Type.Integer() });
const Priced = event('shop.Priced.v1', Price);
const Restated = event('shop.Restated.v1', Type.Object({ ...Price.properties, requestId: Type.String() }));
const AllRestated = event('shop.AllRestated.v1', Type.Object({ requestId: Type.String(), count: Type.Integer() }));
const Restate = command('shop.Restate.v1', Type.Object({ requestId: Type.String() }));

const TABLES = 'create table prices (id text primary key, version int not null, price int not null)';

const PUT = `
  insert into prices select * from json_to_recordset($1) as r (id text, version int, price int) order by id
  on conflict (id) do update
  set version = excluded.version, price = excluded.price where prices.version < excluded.version`;

/** A shop that says its prices, and a desk with a replica of them; both keep their messages in one database. */
class Market {
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

  projection(version = 1, tables = TABLES): MessageProjection {
    const restatement = {
      outbox: this.#outbox,
      request: Restate,
      fact: Restated,
      told: AllRestated,
    };
    const projection = new MessageProjection({ db: this.db, name: 'desk.prices', version, tables, restatement });
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

  /** Takes prices into the replica. */
  async desk(projection: MessageProjection): Promise<Consumer> {
    const put = async ({ data: { id, version, price } }: { data: Data<typeof Priced> }) =>
      projection.put(PUT, { id, version, price });
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

test('of all rows of a transaction about one thing the newest is written', options, async (t) => {
  const market = await Market.open(t);
  const projection = market.projection();
  await projection.prepare();
  await market.db.transaction(async () => {
    for (const version of [1, 3, 2]) await projection.put(PUT, { id: 'cup', version, price: version });
  });
  deepStrictEqual(await market.prices(), ['cup=3']);
});

test(
  'a replica that lost everything is made anew from what its source says again, and is read meanwhile',
  options,
  async (t) => {
    const market = await Market.open(t);
    const { db } = market;
    const projection = market.projection();
    await market.desk(projection);
    for (const [id, amount] of Object.entries({ cup: 5, pot: 9, tea: 3 })) await market.price(id, amount);
    await eventually('the replica is whole', async () => (await market.prices()).length === 3);
    await db.execute(`update prices set price = 1 where id = 'cup'`);
    await db.execute(`delete from prices where id = 'tea'`);
    await projection.beginRebuild();
    await market.price('pot', 10);
    await eventually('the old one moves on', async () => (await market.prices()).includes('pot=10'));
    deepStrictEqual(await market.prices(), ['cup=1', 'pot=10']);
    strictEqual((await projection.status()).state, 'rebuilding');
    await market.shop();
    await eventually('the new one is read', async () => (await projection.status()).state === 'live');
    deepStrictEqual(await market.prices(), ['cup=5', 'pot=10', 'tea=3']);
  },
);

test(
  'while a replica is made anew, under changes of all prices, nobody reads an older price than before',
  options,
  async (t) => {
    const market = await Market.open(t);
    const { bank } = market;
    const projection = market.projection();
    const consumer = await market.desk(projection);
    await market.shop();
    const names = Array.from({ length: 30 }, (_, n) => `p${String(n).padStart(2, '0')}`);
    for (const name of names) await market.price(name, 0);
    await consumer.settled();
    let isOver = false;
    const read = async () => {
      const db = bank.pool({ maxConnections: 1 });
      const before = new Map<string, number>();
      let reads = 0;
      for (; !isOver || reads < 10; reads++) {
        const rows = await db.query<{ id: string; price: number }>('select id, price from prices');
        strictEqual(rows.length, names.length);
        for (const { id, price: now } of rows) {
          ok(now >= (before.get(id) ?? 0), `${id} went from ${before.get(id)} back to ${now}`);
          before.set(id, now);
        }
      }
    };
    const write = async () => {
      for (let round = 1; round <= 8; round++) await Promise.all(names.map((name) => market.price(name, round)));
    };
    const rebuild = async () => {
      for (let n = 0; n < 3; n++) {
        await projection.beginRebuild();
        await eventually('it is made', async () => (await projection.status()).state === 'live');
      }
    };
    const reading = Promise.all([read(), read()]);
    await Promise.all([write(), rebuild()]).finally(() => {
      isOver = true;
    });
    await reading;
    await eventually('the last prices are known', async () => {
      const rows = await bank.db.query('select 1 from prices where price <> 8');
      return rows.length === 0;
    });
  },
);

test(
  'a new version of a replica asks its source at the deploy, and the old one is read until then',
  options,
  async (t) => {
    const market = await Market.open(t);
    const { db } = market;
    const old = await market.desk(market.projection());
    await market.price('cup', 5);
    await eventually('the replica is whole', async () => (await market.prices()).length === 1);
    await old.stop();
    const next = market.projection(2, `${TABLES}; create table extra (n int)`);
    const consumer = await market.desk(next);
    await market.price('pot', 7);
    await consumer.settled();
    deepStrictEqual(await market.prices(), ['cup=5']);
    await market.shop();
    await eventually('version 2 is read', async () => (await next.status()).version === 2);
    deepStrictEqual(await market.prices(), ['cup=5', 'pot=7']);
    deepStrictEqual(await db.query('select * from extra'), []);
  },
);

test(
  "a read model of a service's own facts takes in those that were there before it, in portions",
  options,
  async (t) => {
    const market = await Market.open(t);
    for (const [id, amount] of Object.entries({ cup: 5, pot: 9, tea: 3 })) await market.price(id, amount);
    await market.db.execute('delete from outbox');
    const portions: string[] = [];
    const projection = market.ownProjection(portions);
    await projection.prepare();
    strictEqual(await projection.isFilled(), false);
    await market.desk(projection);
    await eventually('it is filled', () => projection.isFilled());
    deepStrictEqual(await market.prices(), ['cup=5', 'pot=9', 'tea=3']);
    deepStrictEqual(portions, ['pot', 'tea', 'end']);
  },
);

test('a rebuild from own facts mends what was lost, and loses nothing that is said meanwhile', options, async (t) => {
  const market = await Market.open(t);
  const projection = market.ownProjection();
  const consumer = await market.desk(projection);
  const names = Array.from({ length: 9 }, (_, n) => `p${n}`);
  for (const name of names) await market.price(name, 0);
  await consumer.settled();
  await market.db.execute(`delete from prices where id in ('p3', 'p8')`);
  const write = async () => {
    for (let round = 1; round <= 8; round++) await Promise.all(names.map((name) => market.price(name, round)));
  };
  await Promise.all([write(), projection.beginRebuild()]);
  await eventually('the new one is read', async () => (await projection.status()).state === 'live');
  await consumer.settled();
  deepStrictEqual(
    await market.prices(),
    names.map((name) => `${name}=8`),
  );
});
