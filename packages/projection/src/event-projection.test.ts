import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, type Timers } from '@ashlar/domain';
import { eventTypes, PostgresEventStore, type StoredEvent } from '@ashlar/event-store';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { Bank, TABLES, take } from './projection.fixtures.ts';

const options = { skip: databaseMissing };

test('a read model takes in each event once, with its checkpoint', options, async (t) => {
  const bank = await Bank.open(t);
  const projection = await bank.projection();
  for (const n of [1, 2, 3]) await bank.transfer('Ada', 'Bob', n);
  strictEqual(await projection.catchUp(), 3);
  strictEqual(await projection.catchUp(), 0);
  deepStrictEqual(await bank.db.query('select * from balances order by account'), [
    { account: 'Ada', amount: -6 },
    { account: 'Bob', amount: 6 },
  ]);
  deepStrictEqual(await projection.status(), {
    name: 'balances',
    version: 1,
    state: 'live',
    position: 3,
    lag: 0,
    lagMs: 0,
  });
});

test('promise 6: what a read model has not taken in yet is its lag, in events and in time', options, async (t) => {
  const bank = await Bank.open(t);
  const clock = { now: () => new Date(systemClock.now().getTime() + 60_000) };
  const projection = await bank.projection({ clock });
  await bank.transfer('Ada', 'Bob');
  await projection.catchUp();
  await bank.transfer('Ada', 'Bob');
  await bank.transfer('Bob', 'Ada');
  const { lag, lagMs } = await projection.status();
  strictEqual(lag, 2);
  ok(lagMs >= 60_000 && lagMs < 120_000, `${lagMs} ms`);
});

test('what was committed by the time of the call can be read after current()', options, async (t) => {
  const bank = await Bank.open(t);
  const projection = await bank.projection();
  await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      for (let count = 1; count <= 10; count++) {
        await bank.transfer(`a${n}`, 'till');
        await projection.current();
        const [row] = await bank.db.query<{ amount: number }>('select amount from balances where account = $1', [
          `a${n}`,
        ]);
        strictEqual(row?.amount, -count);
      }
    }),
  );
  await rejects(async () => {
    await bank.transfer('Ada', 'Bob');
    const ill = await bank.projection({ apply: () => Promise.reject(new Error('ill')) });
    await ill.current();
  }, /ill/);
});

test('schedule 4.4: of two projectors of one name, an event is taken in by one', options, async (t) => {
  const bank = await Bank.open(t);
  for (let n = 1; n <= 50; n++) await bank.transfer('Ada', 'Bob', n);
  const projectors = await Promise.all([1, 2].map(() => bank.projection({ batch: 5 })));
  const taken = await Promise.all(projectors.map((projection) => projection.catchUp()));
  strictEqual(taken[0]! + taken[1]!, 50);
  deepStrictEqual(await bank.look(), { sum: 0, seen: 50, taken: 50 });
});

test(
  'schedule 4.4: who loses the race for an event that is known by its key blames neither event nor itself',
  options,
  async (t) => {
    const bank = await Bank.open(t);
    const tables = 'create table taken (position bigint primary key)';
    const sql = 'insert into taken select * from unnest($1::bigint[])';
    const [frozen, thawed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const errors: unknown[] = [];
    const projector = (before: () => Promise<unknown>) =>
      bank.projection({
        tables,
        onError: (error) => errors.push(error),
        apply: async (events, { write }) => {
          await before();
          await write({ sql, values: [events.map(({ position }) => position)] });
        },
      });
    const awake = await projector(async () => {});
    const slow = await projector(async () => {
      frozen.resolve();
      await thawed.promise;
    });
    await bank.transfers(3);
    const late = slow.catchUp();
    await frozen.promise;
    strictEqual(await awake.catchUp(), 3);
    thawed.resolve();
    strictEqual(await late, 0);
    const { state, position } = await slow.status();
    deepStrictEqual([state, position, errors], ['live', 3, []]);
  },
);

test(
  'schedule 4.4: a projector that wakes up after another has gone on changes nothing any more',
  options,
  async (t) => {
    const bank = await Bank.open(t);
    const [frozen, thawed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const awake = await bank.projection();
    const slow = await bank.projection({
      apply: async (events, model) => {
        frozen.resolve();
        await thawed.promise;
        await take(events, model);
      },
    });
    await bank.transfer('Ada', 'Bob');
    const late = slow.catchUp();
    await frozen.promise;
    await bank.transfer('Ada', 'Bob');
    strictEqual(await awake.catchUp(), 2);
    thawed.resolve();
    strictEqual(await late, 0);
    deepStrictEqual(await bank.look(), { sum: 0, seen: 2, taken: 2 });
  },
);

test('a poison event stops its read model right before it, visibly and with the reason', options, async (t) => {
  const bank = await Bank.open(t);
  const projection = await bank.projection({
    apply: async (events, model) => {
      if (events.some(({ data }) => (data as { amount: number }).amount === 13)) throw new Error('Unlucky.');
      await take(events, model);
    },
  });
  for (let n = 1; n <= 20; n++) await bank.transfer('Ada', 'Bob', n);
  await rejects(projection.catchUp(), { name: 'PoisonEventError', message: /Unlucky/ });
  const { state, position, lag, error } = await projection.status();
  deepStrictEqual([state, position, lag, error], ['failing', 12, 8, 'Error: Unlucky. (event 13, Moved of from-Ada)']);
  deepStrictEqual(await bank.look(), { sum: 0, seen: 12, taken: 12 });
  const mended = await bank.projection();
  strictEqual(await mended.catchUp(), 8);
  strictEqual((await mended.status()).state, 'live');
});

test('an event that cannot be read stops its read model right before it, with the reason', options, async (t) => {
  const bank = await Bank.open(t);
  for (let n = 1; n <= 12; n++) await bank.transfer('Ada', 'Bob', n);
  await bank.store.append({ stream: 'odd', expected: 'none', events: [{ type: 'Strange', data: {} }] });
  await bank.transfer('Ada', 'Bob');
  const projection = await bank.projection({ store: new PostgresEventStore(bank.db, eventTypes({ Moved: [] })) });
  await rejects(projection.catchUp(), { name: 'UnknownEventError', message: /^Stream odd holds at version 1/ });
  const { state, position, lag, lagMs, error } = await projection.status();
  deepStrictEqual([state, position, lag, lagMs > 0], ['failing', 12, 2, true]);
  match(error!, /^UnknownEventError: Stream odd/);
  const mended = await bank.projection({ apply: (events, model) => take(events.filter(isMove), model) });
  strictEqual(await mended.catchUp(), 2);
});

const isMove = ({ type }: StoredEvent) => type === 'Moved';

test('tables that changed without a new version are refused at the start', options, async (t) => {
  const bank = await Bank.open(t);
  await bank.projection();
  await rejects(bank.projection({ tables: `${TABLES}; create table more (n int)` }), /give them a new version/);
});

test('a read model is made of tables of its own, named without a schema', options, async (t) => {
  const bank = await Bank.open(t);
  await bank.db.execute('create table taken (n int)');
  const wrong: [string, RegExp][] = [
    ['select 1', /has to make a table/],
    ['create table public.elsewhere (n int)', /has to make a table/],
    ['create table fine (n int); create view seen as select n from fine', /"seen" is something else/],
    ['create table taken (n int)', /There is a "taken" already/],
  ];
  for (const [tables, message] of wrong) await rejects(bank.projection({ name: 'wrong', tables }), { message });
  await rejects(bank.projection({ name: 'x'.repeat(49) }), /1 to 48 characters/);
  await rejects(bank.projection({ version: 0 }), /has to be 1, 2, 3/);
  deepStrictEqual(await bank.db.query(`select name from projections`), []);
});

test('many processes that start at once make the tables once', options, async (t) => {
  const bank = await Bank.open(t);
  await Promise.all(Array.from({ length: 6 }, () => bank.projection({ db: bank.pool({ maxConnections: 2 }) })));
  strictEqual((await bank.db.query('select 1 from projections')).length, 1);
});

test('a read model that a migration has made is adopted as it is', options, async (t) => {
  const bank = await Bank.open(t);
  await bank.db.execute('create table balances (account text primary key, amount bigint not null)');
  await bank.db.execute('create table progress (events bigint not null)');
  await bank.db.execute(`insert into balances values ('Ada', 0)`);
  await bank.db.execute(`insert into projections (name, position) values ('balances', 0)`);
  await bank.transfer('Ada', 'Bob', 5);
  const projection = await bank.projection();
  await projection.catchUp();
  deepStrictEqual(await bank.look(), { sum: 0, seen: 1, taken: 1 });
  await projection.rebuild();
  deepStrictEqual(await bank.look(), { sum: 0, seen: 1, taken: 1 });
});

/** Timers in the hands of a test: nothing happens by itself. */
function stillTimers() {
  const looks: (() => Promise<unknown>)[] = [];
  const soon: (() => unknown)[] = [];
  const timers: Timers = {
    every: (_, work) => {
      looks.push(work);
      return () => {};
    },
    once: (_, work) => {
      soon.push(work);
      return () => {};
    },
  };
  return { timers, soon, look: () => looks[0]!() };
}

test('what is appended in this process is taken in at once, whatever the timers do', options, async (t) => {
  const bank = await Bank.open(t);
  const { timers, soon } = stillTimers();
  const projection = await bank.projection({ timers });
  projection.start();
  await bank.db.transaction(async () => {
    await bank.transfer('Ada', 'Bob');
    await bank.transfer('Bob', 'Cid');
  });
  await eventually('it has taken them in', async () => (await bank.look()).seen === 2);
  await Promise.all(Array.from({ length: 10 }, (_, n) => bank.transfer(`a${n}`, 'till')));
  await eventually('it has taken in all', async () => {
    soon.shift()?.();
    return (await bank.look()).seen === 12;
  });
  await projection.stop();
  await bank.transfer('Ada', 'Bob');
  deepStrictEqual(await bank.look(), { sum: 0, seen: 12, taken: 12 });
});

test('what others append is looked for closely while they do', options, async (t) => {
  const bank = await Bank.open(t);
  const { timers, soon, look } = stillTimers();
  const projection = await bank.projection({ timers, db: bank.pool() });
  projection.start();
  await look();
  strictEqual(soon.length, 0);
  await bank.transfer('Ada', 'Bob');
  await look();
  deepStrictEqual([(await bank.look()).seen, soon.length], [1, 1]);
  await bank.transfer('Ada', 'Bob');
  await soon.shift()!();
  deepStrictEqual([(await bank.look()).seen, soon.length], [2, 1]);
  for (let looks = 0; looks < 1_000 && soon.length > 0; looks++) await soon.shift()!();
  strictEqual(soon.length, 0, 'It goes on for ever.');
});
