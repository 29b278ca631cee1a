import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { nextSpan, runInContext } from '@ashlar/telemetry';
import { useReplicas } from './runtime.fixtures.ts';
import {
  FlightBooked,
  FlightRefused,
  HotelBooked,
  MoneyFreed,
  MoneyHeld,
  MoneyRefused,
  MoneyTaken,
  TicketIssued,
  VoucherSent,
} from './trip.fixtures.ts';

const setUp = useReplicas();
const needsDatabase = { skip: databaseMissing };
const A = { id: 'a' };
const failure = new Error('The disk is full.');

const ready = { settled: async () => {} };

test('deadlines are those of the database, whatever the clock of the service says', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const first = replica({ clock: { now: () => new Date(0) }, timeoutMs: 60_000 });
  await first.runtime.start(A);
  const [row] = await first.db.query<{ left: number }>(
    'select extract(epoch from deadline - clock_timestamp())::float as left from sagas',
  );
  ok(row!.left > 50 && row!.left <= 60, `${row!.left} s`);
});

test('a deadline does not fire before it has passed, and turns the saga back when it has', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.startTimers(ready);
  await replica.runtime.start(A);
  await replica.timers.tick();
  deepStrictEqual(await replica.sent('a'), ['HoldMoney']);
  await replica.timePasses();
  deepStrictEqual(await replica.sent('a'), ['HoldMoney', 'FreeMoney']);
  strictEqual((await replica.view('a'))?.status, 'compensating');
});

test(
  'what follows from a deadline belongs to the trace and the business transaction in which the saga began',
  needsDatabase,
  async (t) => {
    const replica = (await setUp(t))();
    const origin = { trace: nextSpan(), correlationId: 'the trip' };
    await replica.runtime.startTimers(ready);
    await runInContext(origin, () => replica.runtime.start(A));
    await replica.timePasses();
    const rows = await replica.db.query<{ trace: string; correlation: string }>(
      `select split_part(context->>'traceparent', '-', 2) as trace, context->>'correlationid' as correlation
     from outbox order by position`,
    );
    const one = { trace: origin.trace.traceId, correlation: 'the trip' };
    deepStrictEqual(rows, [one, one]);
  },
);

test('a reply puts the deadline off; a saga that has ended has none', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.startTimers(ready);
  await replica.runtime.start(A);
  await replica.db.execute(`update sagas set deadline = clock_timestamp() - interval '1 s'`);
  await replica.hears('a', MoneyHeld);
  await replica.timers.tick();
  deepStrictEqual(await replica.sent('a'), ['HoldMoney', 'BookFlight']);
  await replica.hears('a', FlightRefused, MoneyFreed);
  deepStrictEqual(await replica.db.query('select deadline from sagas'), [{ deadline: null }]);
});

test('schedule 5.7: replies that had arrived by the deadline are handled before it fires', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  const backlog = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await replica.runtime.startTimers({
    settled: () => {
      asked.resolve();
      return backlog.promise;
    },
  });
  await replica.runtime.start(A);
  const fired = replica.timePasses();
  await Promise.race([asked.promise, fired]);
  await replica.hears('a', MoneyHeld);
  backlog.resolve();
  await fired;
  deepStrictEqual(await replica.sent('a'), ['HoldMoney', 'BookFlight']);
  strictEqual(replica.timers.waiting, 0);
});

test(
  'schedule 5.7: a backlog that never ends holds a deadline up for ten time-outs at most',
  needsDatabase,
  async (t) => {
    const replica = (await setUp(t))();
    await replica.runtime.startTimers({ settled: () => new Promise(() => {}) });
    await replica.runtime.start(A);
    const fired = replica.timePasses();
    await eventually('the timers wait', () => replica.timers.waiting > 0);
    deepStrictEqual(await replica.sent('a'), ['HoldMoney']);
    replica.timers.patienceEnds();
    await fired;
    deepStrictEqual(await replica.sent('a'), ['HoldMoney', 'FreeMoney']);
  },
);

test('schedule 5.7: a deadline that passed while nobody was here begins anew', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.start(A);
  await replica.db.execute(`update sagas set deadline = clock_timestamp() - interval '1 hour'`);
  await replica.runtime.startTimers(ready);
  await replica.timers.tick();
  deepStrictEqual(await replica.sent('a'), ['HoldMoney']);
  await replica.timePasses();
  deepStrictEqual(await replica.sent('a'), ['HoldMoney', 'FreeMoney']);
});

test('two replicas fire a deadline once', needsDatabase, async (t) => {
  const replica = await setUp(t);
  // However slow the machine is: nobody counts as away, and no deadline passes but by our hand.
  const slowly = { timeoutMs: 3_600_000, clock: { now: () => new Date(0) } };
  const replicas = [replica(slowly), replica(slowly), replica(slowly)];
  for (const { runtime } of replicas) await runtime.startTimers(ready);
  for (const id of ['a', 'b', 'c', 'd']) await replicas[0]!.runtime.start({ id });
  await replicas[0]!.db.execute(`update sagas set deadline = clock_timestamp() - interval '1 ms'`);
  await Promise.all(replicas.map(({ timers }) => timers.tick()));
  for (const id of ['a', 'b', 'c', 'd']) deepStrictEqual(await replicas[0]!.sent(id), ['HoldMoney', 'FreeMoney']);
});

test('a deadline that cannot be handled is told, and holds up no other', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const first = replica({
    handlers: {
      async progressed({ id }, _, status) {
        if (id === 'a' && status === 'timed_out') throw failure;
      },
    },
  });
  await first.runtime.startTimers(ready);
  await first.runtime.start(A);
  await first.runtime.start({ id: 'b' });
  await first.timePasses();
  deepStrictEqual(first.errors, [failure]);
  deepStrictEqual([await first.sent('a'), await first.sent('b')], [['HoldMoney'], ['HoldMoney', 'FreeMoney']]);
});

test('timers that are stopped fire nothing', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.startTimers(ready);
  await replica.runtime.start(A);
  replica.runtime.stopTimers();
  await replica.timePasses();
  deepStrictEqual(await replica.sent('a'), ['HoldMoney']);
});

test('a cancellation is answered by where the saga stands', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  const { runtime } = replica;
  for (const id of ['a', 'b', 'c']) await runtime.start({ id });
  strictEqual(await runtime.cancel('never heard of'), 'unknown');

  deepStrictEqual([await runtime.cancel('a'), await runtime.cancel('a')], ['cancelled', 'cancelled']);
  await replica.hears('a', MoneyFreed);
  strictEqual(await runtime.cancel('a'), 'cancelled');

  await replica.hears('b', MoneyRefused);
  strictEqual(await runtime.cancel('b'), 'ended');

  await replica.hears('c', MoneyHeld, FlightBooked, HotelBooked);
  strictEqual(await runtime.cancel('c'), 'too_late');
  await replica.hears('c', MoneyTaken, TicketIssued, VoucherSent);
  strictEqual(await runtime.cancel('c'), 'ended');
});

test('schedule 5.4: a cancellation that commits first keeps the capture from being sent', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const other = replica();
  let answer = '';
  const first = replica({
    handlers: {
      async progressed(_, step, status) {
        if (step === 'take money' && status === 'sent' && !answer) answer = await other.runtime.cancel('a');
      },
    },
  });
  await first.runtime.start(A);
  await first.hears('a', MoneyHeld, FlightBooked, HotelBooked);
  strictEqual(answer, 'cancelled');
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'BookFlight', 'BookHotel', 'CancelHotel']);
});

test('schedule 5.4: a cancellation that loses against the capture is too late', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const other = replica();
  let heard = false;
  const first = replica({
    handlers: {
      async progressed(_, step, status) {
        if (step !== 'book hotel' || status !== 'compensating' || heard) return;
        heard = true;
        await other.hears('a', HotelBooked);
      },
    },
  });
  await first.runtime.start(A);
  await first.hears('a', MoneyHeld, FlightBooked);
  strictEqual(await first.runtime.cancel('a'), 'too_late');
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'BookFlight', 'BookHotel', 'TakeMoney']);
});
