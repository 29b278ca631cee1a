import { randomUUID } from 'node:crypto';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { EventSourced, type NewEvent, PostgresEventStore } from '@ashlar/event-store';
import { event, outgoing, PostgresOutbox } from '@ashlar/messaging';
import { PostgresDatabase } from '@ashlar/postgres';
import { type BenchDatabase, provisionBench, ThinPg } from './bench-database.ts';
import { closedLoop, type Load } from './closed-loop.ts';
import type { Contestant } from './contest.ts';
import { BY_HAND } from './event-store-by-hand.ts';
import { atEnd } from './lifetime.ts';
import { type EventStorePeer, openPeer, type Peer } from './peers.ts';
import { Pgbench } from './pgbench.ts';
import { versionOf } from './report.ts';

const STREAMS = { short: 4_000, long: 50 };

const INSERT = 'insert into plain_events (stream, version, type, data, at) values ($1, $2, $3, $4, clock_timestamp())';
export const INSERT_MANY = `
  insert into plain_events (stream, version, type, data, at)
  select $1, n, e->>'type', e->'data', clock_timestamp() from jsonb_array_elements($2::jsonb)
    with ordinality as m(e, n)`;
export const SELECT =
  'select position, stream, version, type, data, at from plain_events where stream = $1 order by version';

type Deposited = { readonly depositId: string; readonly amount: number };

export const deposited = (): NewEvent & { data: Deposited } => ({
  type: 'MoneyDeposited',
  data: { depositId: randomUUID(), amount: 1_299 },
});
export const tenEvents = () => Array.from({ length: 10 }, deposited);

const schema = { type: 'object', properties: { depositId: { type: 'string' }, amount: { type: 'integer' } } };
const MoneyDeposited = event('payment.MoneyDeposited.v1', schema);

/** A row of pgbench, with data of the same length. */
const PGBENCH_DATA = `'{"depositId": "9b2f4d3e-6a41-4a53-9d0e-2f1f5f0c7b11", "amount": 1299}'`;
export const PGBENCH_INSERT = `
  insert into plain_events (stream, version, type, data, at)
  values ('pgbench-' || :run::text || '-' || :client_id::text, :n, 'MoneyDeposited', ${PGBENCH_DATA},
    clock_timestamp());`;
export const PGBENCH_CALL = `
  select append_by_hand('call-' || :run::text || '-' || :client_id::text, :n::bigint - 1, 'MoneyDeposited',
    ${PGBENCH_DATA}::jsonb);`;
export const PGBENCH_CALL_AND_TELL = `
  select append_and_tell_by_hand('told-' || :run::text || '-' || :client_id::text, :n::bigint - 1, 'MoneyDeposited',
    ${PGBENCH_DATA}::jsonb);`;
export const PGBENCH_TEN = `
  insert into plain_events (stream, version, type, data, at)
  select 'ten-' || :run::text || '-' || :client_id::text || '-' || :n::text, n, 'MoneyDeposited', ${PGBENCH_DATA},
    clock_timestamp()
  from generate_series(1, 10) n;`;

const streamName = (length: keyof typeof STREAMS, number: number): string =>
  `seeded-${length === 'short' ? 10 : 100}-${1 + number}`;

/** An event store with something in it, and its peers on the same server. */
export class Workbench {
  readonly thin: ThinPg;
  readonly store: PostgresEventStore;
  readonly #db: PostgresDatabase;
  readonly #outbox: PostgresOutbox;
  readonly #accounts: EventSourced<number, number, number>;
  readonly #versions = new Map<string, number>();
  readonly #pgbench: Pgbench | undefined;
  #emmett: Peer<EventStorePeer> = { title: 'Emmett', missing: 'not opened' };
  #next = 0;

  constructor(private readonly database: BenchDatabase) {
    const { url, directory } = database;
    this.thin = new ThinPg(url);
    const db = new PostgresDatabase({ url });
    atEnd(() => db.close());
    this.#db = db;
    this.store = new PostgresEventStore(db);
    this.#outbox = new PostgresOutbox({ db, clock: systemClock, ids: new UuidV7Ids(), onCommitted: () => {} });
    this.#accounts = new EventSourced(db, this.store, {
      snapshotSchema: 1,
      decider: { initial: 0, decide: (amount) => [amount], evolve: (balance, amount) => balance + amount },
      codec: {
        encode: (amount) => ({ type: 'MoneyDeposited', data: { depositId: randomUUID(), amount } }),
        decode: ({ data }) => (data as Deposited).amount,
      },
    });
    this.#pgbench = versionOf('pgbench') ? new Pgbench(url, directory) : undefined;
  }

  async seed(): Promise<void> {
    const events = (table: string, streams: number, length: number) => `
      insert into ${table} (stream, version, type, data, at)
      select 'seeded-${length}-' || s, v, 'MoneyDeposited', ${PGBENCH_DATA}, now() - interval '1 day'
      from generate_series(1, ${streams}) s, generate_series(1, ${length}) v;`;
    await this.thin.script(BY_HAND);
    for (const [streams, length] of [
      [STREAMS.short, 10],
      [STREAMS.long, 100],
    ] as const) {
      await this.thin.script(
        events('events', streams, length) +
          events('plain_events', streams, length) +
          `insert into streams (stream, version, last_at)
           select 'seeded-${length}-' || s, ${length}, now() - interval '1 day' from generate_series(1, ${streams}) s;`,
      );
    }
    await this.thin.script('analyze');
    await this.#seedEmmett();
  }

  /** In a database of its own on the same server; its streams are as long as ours. */
  async #seedEmmett(): Promise<void> {
    const { adminUrl, directory } = this.database;
    this.#emmett = await openPeer('emmett', async () => ({ url: await provisionBench(adminUrl, 'emmett'), directory }));
    const { opened } = this.#emmett;
    if (!opened) return;
    for (const length of ['short', 'long'] as const) {
      const events = Array.from({ length: length === 'short' ? 10 : 100 }, deposited);
      const names = Array.from({ length: STREAMS[length] }, (_, number) => streamName(length, number));
      const append = async () => {
        for (let name = names.pop(); name; name = names.pop()) await opened.append(name, 0, events);
      };
      await Promise.all(Array.from({ length: 16 }, append));
    }
  }

  /** What the tables call the peer, and why it is missing in them. */
  get emmett(): Peer<EventStorePeer> {
    return this.#emmett;
  }

  pgbench(peer: string, name: string, script: string): Contestant[] {
    const pgbench = this.#pgbench;
    return pgbench ? [{ name: `pgbench: ${name}`, peer, run: (load) => pgbench.run(script, load) }] : [];
  }

  /** Emmett's turn; nobody's where it could not be had. */
  emmettLoop(operation: (emmett: EventStorePeer, worker: number) => Promise<unknown>): Contestant[] {
    const { title, opened } = this.#emmett;
    return opened ? [this.loop(title, (worker) => operation(opened, worker), 'Emmett')] : [];
  }

  loop(name: string, operation: (worker: number, load: Load) => Promise<unknown>, peer?: string): Contestant {
    const run = (load: Load) => closedLoop((worker) => operation(worker, load), load);
    return { name, ...(peer && { peer }), run, warmUp: run };
  }

  insert({ stream, expected }: { stream: string; expected: number }): Promise<unknown> {
    const { type, data } = deposited();
    return this.thin.query('insert', INSERT, [stream, expected + 1, type, JSON.stringify(data)]);
  }

  newStream(): string {
    return `new-${process.pid}-${this.#next++}`;
  }

  seeded(length: keyof typeof STREAMS): string {
    return streamName(length, this.#next++ % STREAMS[length]);
  }

  /** A stream of this worker alone, and the version before its next event. */
  existing(prefix: string, worker: number): { stream: string; expected: number } {
    const stream = `${prefix}-${worker}`;
    const expected = this.#versions.get(stream) ?? 0;
    this.#versions.set(stream, expected + 1);
    return { stream, expected };
  }

  /** The event and a message about it, in one transaction. */
  appendAndTell(stream: string, expected: number | 'none'): Promise<void> {
    const happened = deposited();
    return this.#db.transaction(async () => {
      await this.store.append({ stream, expected, events: [happened] });
      await this.#outbox.add([outgoing(MoneyDeposited, stream, happened.data)]);
    });
  }

  /** The same in one call, as somebody would write it who needs nothing else. */
  appendAndTellByHand({ stream, expected }: { stream: string; expected: number }): Promise<unknown> {
    const { type, data } = deposited();
    return this.thin.query('tell', 'select append_and_tell_by_hand($1, $2, $3, $4)', [
      stream,
      expected,
      type,
      JSON.stringify(data),
    ]);
  }

  deposit(stream: string): Promise<unknown> {
    return this.#accounts.execute(stream, 1_299);
  }

  /** The same by hand: two round trips, and the unique key as the check of the version. */
  async depositByHand(stream: string): Promise<void> {
    const rows = await this.thin.query<{ version: number; data: Deposited }>('load', SELECT, [stream]);
    const balance = rows.reduce((sum, { data }) => sum + data.amount, 0);
    const { type, data } = deposited();
    const event = JSON.stringify({ ...data, balance });
    await this.thin.query('insert', INSERT, [stream, (rows.at(-1)?.version ?? 0) + 1, type, event]);
  }
}
