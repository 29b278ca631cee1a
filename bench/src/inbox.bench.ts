import { UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  type Contract,
  event,
  LocalBus,
  type Message,
  messagingMigrations,
  on,
  type Parcel,
  postgresMessageStorage,
} from '@ashlar/messaging';
import { PostgresDatabase, StateTable } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { openDatabase, ThinPg } from './bench-database.ts';
import { closedLoop, type Load } from './closed-loop.ts';
import { type Contest, type Contestant, hold, type Rules } from './contest.ts';
import { atEnd, isQuick, measure } from './lifetime.ts';
import { circumstances, print } from './report.ts';

/** The claim: exactly once costs little over the writes themselves, a hundred messages a transaction. */
const RULES: Rules = isQuick ? { atOnce: [1], rounds: 1, forMs: 300 } : { atOnce: [1, 2], rounds: 5, forMs: 1_000 };
const BATCH = 100;

const TABLES = `
  create table totals (id text primary key, version int not null, state jsonb not null);
  create table marks (key text primary key, sequence bigint not null);
  create table sums (id text primary key, version int not null, state jsonb not null);`;
const storeInto = (table: string) => `
  insert into ${table} as s (id, version, state)
  select r.id, r.version, r.state from json_to_recordset($1) as r(id text, version int, state jsonb) order by r.id
  on conflict (id) do update set version = excluded.version, state = excluded.state
  where s.version = excluded.version - 1`;
const MARK = `
  insert into marks (key, sequence)
  select r.id, r.version from json_to_recordset($1) as r(id text, version bigint) order by r.id
  on conflict (key) do update set sequence = excluded.sequence where marks.sequence = excluded.sequence - 1`;

const schema = { type: 'object', properties: { amount: { type: 'integer' } } };
const Paid = event('bench.Paid.v1', schema) as Contract<{ amount: number }>;
const CONTEXT = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', correlationid: '0198c0de' };

let next = 0;
const newKeys = (): string[] => Array.from({ length: BATCH }, () => `order-${next++}`);

/** A consumer that sums up, wired as the kit's README does it, with messages from nowhere. */
class Inbox {
  readonly #bus = new LocalBus();
  readonly #ids = new UuidV7Ids();

  constructor(db: PostgresDatabase) {
    const storage = postgresMessageStorage(db);
    const load = 'select id, version, state from totals where id = any($1)';
    const totals = new StateTable<{ paid: number }>(db, { name: 'Total', load, store: storeInto('totals') });
    const add = async ({ subject, data }: Message<{ amount: number }>) => {
      const { version, state } = (await totals.find(subject)) ?? { version: 0, state: { paid: 0 } };
      await totals.save({ id: subject, version, state: { paid: state.paid + data.amount } });
    };
    const prefetch = (keys: readonly string[]) => totals.findMany(keys);
    const definition = { name: 'totals', subscriptions: [on(Paid, add)], prefetch };
    const tracing = createTracing({ service: 'bench' });
    const consumer = new Consumer({ definition, storage, bus: this.#bus, tracing, nextId: () => this.#ids.next() });
    consumer.start();
    this.#ready = consumer.catchUpNewChannels();
    atEnd(() => consumer.stop());
  }

  readonly #ready: Promise<void>;

  async hear(keys: readonly string[]): Promise<void> {
    await this.#ready;
    await this.#bus.publish(keys.map((key) => this.#parcel(key)));
  }

  #parcel(key: string): Parcel {
    const message: Message = {
      specversion: '1.0',
      id: this.#ids.next(),
      source: '/services/bench',
      type: Paid.type,
      subject: key,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      dataschema: `urn:ashlar:schema:${Paid.type}`,
      partitionkey: key,
      sequence: '00000000000000000001',
      ...CONTEXT,
      data: { amount: 1_299 },
    };
    return { channel: Paid.channel, message };
  }
}

/** The marks, the states, and what is known of them, in two round trips. */
async function byHand(thin: ThinPg): Promise<void> {
  const keys = newKeys();
  await thin.query('known', 'select id, version, state from sums where id = any($1)', [keys]);
  const rows = JSON.stringify(keys.map((id) => ({ id, version: 1, state: { paid: 1_299 } })));
  await thin.query('sums', `with marked as (${MARK}) ${storeInto('sums')}`, [rows]);
}

const loop = (name: string, operation: () => Promise<unknown>, peer?: string): Contestant => {
  const run = (load: Load) => closedLoop(operation, load);
  return { name, ...(peer && { peer }), run, warmUp: run };
};

const contest = (inbox: Inbox, thin: ThinPg): Contest => ({
  title: `${BATCH} messages of as many keys, each with its state`,
  contestants: [
    loop('by hand, two round trips', () => byHand(thin), 'by hand'),
    loop('Ashlar: inbox, unit of work', () => inbox.hear(newKeys())),
  ],
});

await measure(async () => {
  console.error('inbox: a database of its own');
  const database = await openDatabase(await messagingMigrations());
  const thin = new ThinPg(database.url);
  await thin.script(TABLES);
  const db = new PostgresDatabase({ url: database.url });
  atEnd(() => db.close());
  print('Exactly once', {
    tables: [await hold(contest(new Inbox(db), thin), RULES)],
    notes: [
      circumstances({ PostgreSQL: await thin.serverVersion() }),
      `One operation is ${BATCH} messages: times ${BATCH} it is messages per second. Every key is new.`,
      'By hand there is no parking lot, no check of a contract, no trace and no fate of its own for each message.',
    ],
  });
});
