import { eventStoreMigrations, type NewEvent, PostgresEventStore } from '@ashlar/event-store';
import { PostgresDatabase } from '@ashlar/postgres';
import { EventProjection, projectionMigrations } from '@ashlar/projection';
import { type BenchDatabase, openDatabase, provisionBench, ThinPg } from './bench-database.ts';
import { quantile } from './closed-loop.ts';
import { atEnd, isQuick, measure } from './lifetime.ts';
import { MessageLine } from './message-line.ts';
import { openLoop } from './open-loop.ts';
import { openPeer, type PeerConsumer } from './peers.ts';
import { circumstances, figure, ms, print, type Table } from './report.ts';

/** The claim: a consumer catches up fast, as fast in a large store as in a small one, and is never far behind. */
const STORED = isQuick ? 20_000 : 1_000_000;
const SLICE = isQuick ? 5_000 : 50_000;
const PEER_STORED = isQuick ? 500 : 20_000;
const PEER_FOR_MS = isQuick ? 1_000 : 5_000;
const LAG = { perSecond: 20, forMs: isQuick ? 1_000 : 10_000 };
const PAGE =
  'select position, stream, version, type, data, at from events where position > $1 order by position limit $2';
const MOVE = 'update checkpoints set position = $1 where position = $2';

/** How long the first and the last of them took. */
class Slices {
  readonly #began = performance.now();
  readonly #marks: { readonly count: number; readonly at: number }[] = [];

  note(count: number): void {
    this.#marks.push({ count: (this.#marks.at(-1)?.count ?? 0) + count, at: performance.now() });
  }

  get count(): number {
    return this.#marks.at(-1)?.count ?? 0;
  }

  perSecond(from = 0, to = this.count): number {
    const before = this.#marks.findLast(({ count }) => count <= from) ?? { count: 0, at: this.#began };
    const after = this.#marks.find(({ count }) => count >= to)!;
    return ((after.count - before.count) * 1_000) / (after.at - before.at);
  }
}

interface Bench {
  readonly database: BenchDatabase;
  readonly thin: ThinPg;
  readonly db: PostgresDatabase;
  readonly store: PostgresEventStore;
}

/** A read and a checkpoint for each page: what no consumer can do without. */
async function byHand({ thin }: Bench, batch: number): Promise<Slices> {
  await thin.script('create table if not exists checkpoints (position bigint); truncate checkpoints');
  await thin.script('insert into checkpoints values (0)');
  const slices = new Slices();
  for (let position = 0; ; ) {
    const rows = await thin.query<{ position: string }>('page', PAGE, [position, batch]);
    if (rows.length === 0) return slices;
    const last = Number(rows.at(-1)!.position);
    await thin.query('move', MOVE, [last, position]);
    position = last;
    slices.note(rows.length);
  }
}

/** What is measured is the reading: nothing is written but the checkpoint. */
const nothingKept = (name: string) => ({ name, version: 1, tables: `create table kept_by_${name} (nothing int)` });

async function ashlar({ db, store }: Bench, batch: number): Promise<Slices> {
  const slices = new Slices();
  const apply = async (events: readonly unknown[]) => slices.note(events.length);
  const projection = new EventProjection({ db, store, ...nothingKept(`catch_up_${batch}`), batch, apply });
  await projection.prepare();
  await projection.catchUp();
  return slices;
}

const rowOf = (name: string, slices: Slices, limit?: Slices): string[] => [
  name,
  figure(slices.count),
  figure(slices.perSecond()),
  limit ? (slices.perSecond() / limit.perSecond()).toFixed(2) : '',
  figure(slices.perSecond(0, Math.min(SLICE, slices.count))),
  figure(slices.perSecond(Math.max(0, slices.count - SLICE))),
];

async function catchUp(bench: Bench, emmett: Emmett): Promise<Table> {
  const rows: string[][] = [];
  for (const batch of [100, 1_000]) {
    console.error(`  consumer: ${figure(STORED)} events in pages of ${batch}`);
    const limit = await byHand(bench, batch);
    rows.push(rowOf(`thin pg, pages of ${batch}`, limit));
    rows.push(rowOf(`Ashlar, pages of ${batch}`, await ashlar(bench, batch), limit));
  }
  const ways = emmett.opened ? ([{}, { batch: 1_000, pullEveryMs: 1 }] as const) : [];
  for (const way of ways) {
    console.error('  consumer: Emmett');
    const slices = new Slices();
    const handle = async () => slices.note(1);
    const name = 'batch' in way ? 'tuned' : 'as it comes';
    const consumer = await emmett.opened!.consume({ ...way, name, handle, from: 'start' });
    consumer.run().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, PEER_FOR_MS));
    await consumer.close();
    rows.push(rowOf(`${emmett.title}, ${'batch' in way ? 'pages of 1,000, every ms' : 'as it comes'}`, slices));
  }
  const part = figure(SLICE);
  return { head: ['catching up', 'events', 'per second', '× thin pg', `first ${part}`, `last ${part}`], rows };
}

type Emmett = Awaited<ReturnType<typeof openPeer<'emmett'>>>;

const noted = (number: number): NewEvent => ({ type: 'Noted', data: { number } });

/** From the commit to the handler, at a steady rate: whoever is late does not slow down what follows. */
async function lagOf(name: string, say: (number: number) => Promise<unknown>, heard: Map<number, number>) {
  console.error(`  consumer: the lag of ${name}`);
  const said = new Map<number, number>();
  await openLoop(LAG, async (number) => {
    await say(number);
    said.set(number, performance.now());
  });
  const patience = performance.now() + 10_000;
  while (heard.size < said.size && performance.now() < patience) await new Promise((done) => setTimeout(done, 5));
  // A handler may be faster than the answer to the commit: then there is no lag at all.
  const lags = [...said].map(([number, at]) => Math.max(0, (heard.get(number) ?? Infinity) - at));
  return [name, String(lags.length), ms(quantile(lags, 0.5)), ms(quantile(lags, 0.99)), ms(Math.max(...lags))];
}

async function lag({ database, db, store }: Bench, emmett: Emmett): Promise<Table> {
  const rows: string[][] = [];
  const ears = () => new Map<number, number>();
  const hear = (heard: Map<number, number>) => async (data: unknown) =>
    void heard.set((data as { number: number }).number, performance.now());
  const byMessage = ears();
  const line = await MessageLine.open(database.url, hear(byMessage));
  rows.push(await lagOf('Ashlar: outbox, bus, inbox', (number) => line.say(`key-${number}`, number), byMessage));
  const projected = ears();
  const apply = async (events: readonly NewEvent[]) => void events.forEach(({ data }) => void hear(projected)(data));
  const projection = new EventProjection({ db, store, ...nothingKept('lag'), apply });
  await projection.prepare();
  await projection.catchUp();
  projected.clear();
  projection.start();
  const append = (number: number) =>
    store.append({ stream: `lag-${number}`, expected: 'none', events: [noted(number)] });
  rows.push(await lagOf('Ashlar: a projection of the event store', append, projected));
  const other = new PostgresDatabase({ url: database.url });
  atEnd(() => other.close());
  const elsewhere = new PostgresEventStore(other);
  projected.clear();
  const appendElsewhere = (number: number) =>
    elsewhere.append({ stream: `else-${number}`, expected: 'none', events: [noted(number)] });
  rows.push(await lagOf('Ashlar: the same, appended by another process', appendElsewhere, projected));
  await projection.stop();
  if (emmett.opened) rows.push(await lagOfEmmett(emmett.opened, emmett.title));
  return { head: [`lag at ${LAG.perSecond} events/s`, 'events', 'p50 ms', 'p99 ms', 'most, ms'], rows };
}

async function lagOfEmmett(emmett: NonNullable<Emmett['opened']>, title: string): Promise<string[]> {
  const heard = new Map<number, number>();
  const handle: PeerConsumer['handle'] = async (data) =>
    void heard.set((data as { number: number }).number, performance.now());
  const consumer = await emmett.consume({ name: 'lag', handle, from: 'end' });
  consumer.run().catch(() => {});
  const row = await lagOf(title, (number) => emmett.append(`lag-${number}`, 0, [noted(number)]), heard);
  await consumer.close();
  return row;
}

async function openEmmett({ adminUrl, directory }: BenchDatabase): Promise<Emmett> {
  const emmett = await openPeer('emmett', async () => ({ url: await provisionBench(adminUrl, 'emmett'), directory }));
  const events = Array.from({ length: 100 }, (_, number) => noted(number));
  for (let n = 0; emmett.opened && n < PEER_STORED / events.length; n++) {
    await emmett.opened.append(`seeded-${n}`, 0, events);
  }
  return emmett;
}

const SEED = `
  insert into events (stream, version, type, data, at)
  select 'seeded-' || n / 10, n % 10 + 1, 'Noted', jsonb_build_object('number', n), now() - interval '1 day'
  from generate_series(0, ${STORED - 1}) n; analyze events`;

await measure(async () => {
  console.error(`consumer: a store of ${figure(STORED)} events`);
  const database = await openDatabase([...(await eventStoreMigrations()), ...(await projectionMigrations())]);
  const thin = new ThinPg(database.url);
  for (const statement of SEED.split(';')) await thin.script(`set statement_timeout = 0; ${statement}`);
  const db = new PostgresDatabase({ url: database.url });
  atEnd(() => db.close());
  const bench = { database, thin, db, store: new PostgresEventStore(db) };
  const emmett = await openEmmett(database);
  print('Consuming', {
    tables: [await catchUp(bench, emmett), await lag(bench, emmett)],
    notes: [
      circumstances({ PostgreSQL: await thin.serverVersion() }),
      'Catching up: handlers that do nothing; each page is read, and its checkpoint is moved in a transaction.',
      `${emmett.title}: ${emmett.missing ?? `what it handles in ${PEER_FOR_MS} ms of ${figure(PEER_STORED)} stored`}.`,
      'The lag is that between the answer to the commit and the handler, in the writer’s process.',
    ],
  });
});
