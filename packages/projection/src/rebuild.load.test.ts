import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { databaseMissing, PostgresDatabase } from '@ashlar/postgres';
import pg from 'pg';
import type { EventProjection } from './event-projection.ts';
import { Bank, LOOK, type Look } from './projection.fixtures.ts';

const options = { skip: databaseMissing };
const WRITERS = 32;
const EVENTS_EACH = 12;

/** Writers whose commits are slow, and of which every fifth rolls back. */
async function write(db: PostgresDatabase): Promise<void> {
  const one = async (writer: number) => {
    for (let n = 1; n <= EVENTS_EACH; n++) {
      const data = { from: `a${writer}`, to: `a${(writer + n) % WRITERS}`, amount: n };
      const events = JSON.stringify([{ stream: `s${writer}`, expected: -1, events: [{ type: 'Moved', data }] }]);
      await db
        .transaction(async () => {
          await db.execute('select * from append_events($1)', [events]);
          await db.query('select pg_sleep($1)', [((writer * 7 + n * 3) % 10) / 1_000]);
          if ((writer + n) % 5 === 0) throw new Error('rolled back');
        })
        .catch((error: Error) => strictEqual(error.message, 'rolled back'));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => one(writer)));
}

/** What is wrong with what was read, given what the same reader has read before. */
const wrongIn = ({ sum, seen, taken }: Look, before: number): string | undefined => {
  if (sum !== 0) return `the sum is ${sum}`;
  if (seen !== taken) return `${seen} events are in it, but ${taken} are said to be`;
  return seen < before ? `it went back from ${before} to ${seen}` : undefined;
};

/** Looks in one statement, in two of one transaction, and in a transaction whose snapshot is older than its look. */
const WAYS: readonly ((client: pg.Client) => Promise<Look>)[] = [
  async (client) => (await client.query({ name: 'look', text: LOOK })).rows[0],
  async (client) => {
    await client.query('begin');
    const { rows: balances } = await client.query('select coalesce(sum(amount), 0)::bigint as sum from balances');
    await client.query('select pg_sleep(0.002)');
    const { rows: progress } = await client.query('select coalesce(sum(events), 0)::bigint as seen from progress');
    await client.query('commit');
    return { sum: balances[0].sum, seen: progress[0].seen, taken: progress[0].seen };
  },
  async (client) => {
    await client.query('begin isolation level repeatable read');
    await client.query('select 1');
    await client.query('select pg_sleep(0.02)');
    const { rows } = await client.query(LOOK);
    await client.query('commit');
    return rows[0];
  },
];

async function keepReading(
  t: TestContext,
  bank: Bank,
  isOver: () => boolean,
): Promise<{ wrong: string[]; reads: number }> {
  const wrong: string[] = [];
  let reads = 0;
  await Promise.all(
    WAYS.map(async (look, way) => {
      const client = new pg.Client({ connectionString: bank.url });
      client.on('error', (error) => t.diagnostic(String(error)));
      await client.connect();
      for (let before = 0; !isOver(); reads++) {
        const found = await look(client);
        const what = wrongIn(found, before);
        if (what) wrong.push(`way ${way}: ${what}`);
        before = found.seen;
      }
      await client.end();
    }),
  );
  return { wrong, reads };
}

/** Rebuilds again and again; each instance dies at its so-manieth commit, and the next one goes on. */
async function keepRebuilding(bank: Bank, isOver: () => boolean): Promise<number> {
  let finished = 0;
  for (let round = 1; finished === 0 || !isOver(); round++) {
    let commits = 0;
    const beforeCommit = () => {
      if (++commits > 2 + (round % 9)) throw new Error('killed');
    };
    const db = new PostgresDatabase({ url: bank.url, beforeCommit, maxConnections: 4 });
    const mortal = await bank.projection({ db, batch: 50 }).catch(() => undefined);
    await mortal?.rebuild().then(
      () => finished++,
      () => {},
    );
    await db.close();
  }
  return finished;
}

test(
  'under 32 writers, slow commits, rollbacks, and rebuilds that are killed, nobody reads anything wrong',
  options,
  async (t) => {
    const bank = await Bank.open(t);
    const projectors: EventProjection[] = [];
    for (let n = 0; n < 2; n++) projectors.push(await bank.projection({ db: bank.pool(), batch: 50 }));
    for (const projector of projectors) projector.start();
    let isOver = false;
    const writing = write(bank.pool({ maxConnections: WRITERS }));
    const reading = keepReading(t, bank, () => isOver);
    let isWritten = false;
    const rebuilding = keepRebuilding(bank, () => isWritten);
    await writing;
    isWritten = true;
    const finished = await rebuilding;
    await projectors[0]!.current();
    isOver = true;
    const { wrong, reads } = await reading;
    t.diagnostic(`${reads} reads, ${finished} rebuilds finished by those who lived`);
    deepStrictEqual(wrong, []);
    ok(reads > 50 && finished > 0);
    await projectors[0]!.rebuild();
    const stored = await bank.db.query<{ count: number }>('select count(*) from events');
    deepStrictEqual(await bank.look(), { sum: 0, seen: stored[0]!.count, taken: stored[0]!.count });
    const expected = await bank.db.query(
      `select account, sum(amount)::bigint as amount from (
       select data->>'from' as account, -(data->>'amount')::bigint as amount from events
       union all select data->>'to', (data->>'amount')::bigint from events) e group by account order by account`,
    );
    deepStrictEqual(await bank.db.query('select account, amount from balances order by account'), expected);
  },
);
