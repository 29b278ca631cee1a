import { eventStoreMigrations, PostgresEventStore } from '@ashlar/event-store';
import { migrate, PostgresDatabase } from '@ashlar/postgres';
import { EventProjection, projectionMigrations } from '@ashlar/projection';
import { type BenchDatabase, openDatabase, provisionBench, ThinPg } from './bench-database.ts';
import { atEnd, isQuick, measure } from './lifetime.ts';
import { MessageLine } from './message-line.ts';
import { type EventStorePeer, openPeer } from './peers.ts';
import { circumstances, figure, print } from './report.ts';

/** The claim: nothing is lost and nothing is done twice, whoever writes at the same time, and whatever handlers do. */
const WRITERS = 32;
const EVENTS_EACH = isQuick ? 20 : 125;
const EVENTS = WRITERS * EVENTS_EACH;
/** Every so many-th event is refused by its handler the first time. */
const THROWS_AT = 97;
const QUIET_FOR_MS = isQuick ? 3_000 : 12_000;
const SETTLED_WITHIN_MS = 60_000;

const EFFECTS = 'create table effects (id bigserial primary key, number int not null)';
const NOTE = 'insert into effects (number) values ($1)';

/** Some commits take long: their events have their numbers, and are seen after later ones. */
const SLOW_COMMITS = (table: string) => `
  create or replace function slow_commit() returns trigger language plpgsql as $$
  begin
    if random() < 0.1 then perform pg_sleep(random() * 0.05); end if;
    return null;
  end $$;
  do $$
  declare part regclass;
  begin
    for part in select relid from pg_partition_tree('${table}') where isleaf loop
      execute format('create constraint trigger slow after insert on %s deferrable initially deferred '
        'for each row execute function slow_commit()', part);
    end loop;
  end $$;`;

/** Throws once for each of the events that it is meant to throw for. */
class Temper {
  readonly #thrown = new Set<number>();

  hear(number: number): void {
    if (number % THROWS_AT !== THROWS_AT - 1 || this.#thrown.has(number)) return;
    this.#thrown.add(number);
    throw new Error(`The handler of ${number} fails, once.`);
  }
}

/** Writers that do not wait for each other; each has a stream or a key of its own, and numbers that grow. */
async function write(append: (writer: number, index: number, number: number) => Promise<unknown>): Promise<void> {
  const writer = async (of: number) => {
    for (let index = 0; index < EVENTS_EACH; index++) await append(of, index, of * EVENTS_EACH + index);
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, of) => writer(of)));
}

const pause = (forMs: number) => new Promise((resolve) => setTimeout(resolve, forMs));

/** Waits until every event has had its effect, or nothing has happened for a while; a minute at most. */
async function settle(thin: ThinPg): Promise<void> {
  let before = -1;
  const until = performance.now() + SETTLED_WITHIN_MS;
  for (let quietSince = performance.now(); performance.now() - quietSince < QUIET_FOR_MS; await pause(50)) {
    const [row] = await thin.query<{ rows: number; numbers: number }>(
      'settle',
      'select count(*)::int as rows, count(distinct number)::int as numbers from effects',
    );
    if (row!.numbers === EVENTS || performance.now() > until) return;
    if (row!.rows !== before) quietSince = performance.now();
    before = row!.rows;
  }
}

async function rowOf(name: string, thin: ThinPg, failures: string): Promise<string[]> {
  const [seen] = await thin.query<{ lost: number; doubled: number; reordered: number }>(
    'seen',
    `select $1 - count(distinct number)::int as lost, (count(*) - count(distinct number))::int as doubled,
      (count(*) filter (where number < before))::int as reordered
     from (select number, max(number) over (partition by number / $2 order by id
       rows between unbounded preceding and 1 preceding) as before from effects) e`,
    [EVENTS, EVENTS_EACH],
  );
  const { lost, doubled, reordered } = seen!;
  return [name, figure(EVENTS), figure(lost), figure(doubled), figure(reordered), failures];
}

async function provisioned(database: BenchDatabase, name: string, tables = EFFECTS) {
  const url = await provisionBench(database.adminUrl, name);
  const thin = new ThinPg(url);
  await thin.script(tables);
  return { url, thin };
}

async function messages(database: BenchDatabase): Promise<string[]> {
  const { url, thin } = await provisioned(database, 'messages');
  const temper = new Temper();
  const line = await MessageLine.open(url, async ({ number }, db) => {
    await db.write({ sql: NOTE, values: [number] });
    temper.hear(number);
  });
  await thin.script(SLOW_COMMITS('outbox'));
  await write((writer, _, number) => line.say(`writer-${writer}`, number));
  await settle(thin);
  return rowOf('Ashlar: outbox, bus, inbox', thin, 'parked and tried again');
}

async function projection(database: BenchDatabase): Promise<string[]> {
  const { url, thin } = await provisioned(database, 'projection', '');
  await migrate(url, [...(await eventStoreMigrations()), ...(await projectionMigrations())]);
  await thin.script(SLOW_COMMITS('events'));
  const db = new PostgresDatabase({ url });
  atEnd(() => db.close());
  const store = new PostgresEventStore(db);
  const temper = new Temper();
  const reader = new EventProjection({
    db,
    store,
    name: 'effects',
    version: 1,
    tables: EFFECTS,
    async apply(events, { write: into }) {
      for (const { data } of events) {
        const { number } = data as { number: number };
        await into({ sql: NOTE, values: [number] });
        temper.hear(number);
      }
    },
  });
  await reader.prepare();
  reader.start();
  await write((writer, index, number) =>
    store.append({ stream: `writer-${writer}`, expected: index, events: [{ type: 'Noted', data: { number } }] }),
  );
  await settle(thin);
  await reader.stop();
  return rowOf('Ashlar: a projection of the event store', thin, 'the page is tried again');
}

/** Whoever runs a consumer begins it again when it has ended: the same one, or, as after a crash, a new one. */
async function emmettRow(
  { emmett, title, thin }: { emmett: EventStorePeer; title: string; thin: ThinPg },
  again: 'the same' | 'a new',
): Promise<string[]> {
  const temper = new Temper();
  const open = () =>
    emmett.consume({
      name: `effects of ${again}`,
      from: 'start',
      async handle(data, note) {
        const { number } = data as { number: number };
        await note(number);
        temper.hear(number);
      },
    });
  let consumer = await open();
  let isOver = false;
  const supervise = async () => {
    while (!isOver) {
      await consumer.run().catch(() => {});
      if (isOver || again === 'the same') continue;
      await consumer.close();
      consumer = await open();
    }
  };
  const supervised = supervise();
  await write((writer, index, number) =>
    emmett.append(`writer-${writer}`, index, [{ type: 'Noted', data: { number } }]),
  );
  await settle(thin);
  isOver = true;
  await consumer.close();
  await supervised;
  return rowOf(title, thin, `${again} consumer is started`);
}

async function emmettRows(database: BenchDatabase): Promise<{ rows: string[][]; note: string }> {
  const rows: string[][] = [];
  let note = '';
  for (const again of ['the same', 'a new'] as const) {
    console.error(`  lost: Emmett, ${again} consumer`);
    const { url, thin } = await provisioned(database, `emmett_${again.replace(' ', '_')}`);
    const { title, opened, missing } = await openPeer('emmett', async () => ({ url, directory: database.directory }));
    note = `${title}: ${missing ?? 'its handlers write in the transaction that it offers them'}.`;
    if (!opened) break;
    await thin.script(SLOW_COMMITS('emt_messages'));
    rows.push(await emmettRow({ emmett: opened, title, thin }, again));
  }
  return { rows, note };
}

await measure(async () => {
  console.error('lost: a database for each');
  const database = await openDatabase([]);
  console.error('  lost: outbox, bus, inbox');
  const own = [await messages(database)];
  console.error('  lost: a projection');
  own.push(await projection(database));
  const { rows, note } = await emmettRows(database);
  const head = [
    `${WRITERS} writers at once, slow commits, handlers that throw`,
    'events',
    'lost',
    'doubled',
    'reordered',
    'after a failure',
  ];
  print('Lost, doubled, reordered', {
    tables: [{ head, rows: [...own, ...rows] }],
    notes: [
      circumstances({ PostgreSQL: await new ThinPg(database.url).serverVersion() }),
      [
        `One commit in ten takes up to 50 ms longer; the handler of every ${THROWS_AT}th event throws the first time,`,
        'after it has written its effect. Lost: without an effect when nothing has happened for',
        `${QUIET_FOR_MS / 1_000} s; doubled: with more than one.`,
      ].join(' '),
      note,
    ],
  });
});
