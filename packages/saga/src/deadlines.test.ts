import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { type Replica, useReplicas } from './runtime.fixtures.ts';
import { TIMEOUT_MS } from './trip.fixtures.ts';

const setUp = useReplicas();
const needsDatabase = { skip: databaseMissing };
const A = { id: 'a' };

const ready = { settled: async () => {} };
/** Deadlines are looked at ten times in a time-out. */
const TURN_MS = TIMEOUT_MS / 10;

/** A clock in the hands of the test. */
function aClock() {
  let nowMs = Date.parse('2026-01-01T12:00:00Z');
  return {
    now: () => new Date(nowMs),
    pass(ms: number): void {
      nowMs += ms;
    },
  };
}

const allAreDue = ({ db }: Replica) =>
  db.execute(`update sagas set deadline = clock_timestamp() - interval '1 ms' where deadline is not null`);

const succeeds = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  );

const looks = ({ timers }: Replica) => succeeds(timers.tick());

test('schedule 5.7: deadlines that passed while the database was away begin anew', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const clock = aClock();
  const first = replica({ clock });
  await first.runtime.startTimers(ready);
  await first.runtime.start(A);
  await first.server.admit(false);
  let failed = 0;
  await eventually('every session has ended', async () => {
    failed = (await looks(first)) ? 0 : failed + 1;
    return failed === 5;
  });
  for (let turn = 0; turn < 6; turn++) {
    clock.pass(TURN_MS);
    strictEqual(await looks(first), false);
  }
  await first.server.admit(true);
  await eventually('the database is back', () => succeeds(allAreDue(first)));
  await eventually('the deadlines were looked at', () => looks(first));
  deepStrictEqual(await first.sent('a'), ['HoldMoney']);
  strictEqual((await first.view('a'))?.status, 'running');

  await first.timePasses();
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'FreeMoney']);
});

test('schedule 5.7: deadlines that passed while this process was frozen begin anew', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const clock = aClock();
  const first = replica({ clock });
  await first.runtime.startTimers(ready);
  await first.runtime.start(A);
  clock.pass(6 * TURN_MS);
  await first.timePasses();
  deepStrictEqual(await first.sent('a'), ['HoldMoney']);
  await first.timePasses();
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'FreeMoney']);
});

test('a look that comes a little late puts no deadline off', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const clock = aClock();
  const first = replica({ clock });
  await first.runtime.startTimers(ready);
  await first.runtime.start(A);
  clock.pass(5 * TURN_MS);
  await first.timePasses();
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'FreeMoney']);
});

test('schedule 5.7: a long wait for replies is no absence: the next deadlines fire', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const clock = aClock();
  const first = replica({ clock });
  await first.runtime.startTimers({ settled: async () => clock.pass(9 * TIMEOUT_MS) });
  await first.runtime.start(A);
  await first.timePasses();
  await first.runtime.start({ id: 'b' });
  await first.timePasses();
  for (const id of ['a', 'b']) deepStrictEqual((await first.sent(id)).slice(0, 2), ['HoldMoney', 'FreeMoney']);
});

test('of several replicas the one with the duty fires deadlines; one that takes over goes on where another was', {
  ...needsDatabase,
}, async (t) => {
  const replica = await setUp(t);
  const [first, second] = [replica(), replica()];
  const aClaim = (isAfterAbsence: boolean) => ({
    ...{ name: 'deadlines', epoch: 1, isHeld: true, isOver: false, isAfterAbsence },
  });
  const duties: { claim: ReturnType<typeof aClaim> | undefined }[] = [{ claim: aClaim(true) }, { claim: undefined }];
  await first.runtime.start(A);
  await allAreDue(first);
  await first.runtime.startTimers(ready, duties[0]!);
  await second.runtime.startTimers(ready, duties[1]!);
  await first.timers.tick();
  deepStrictEqual(await first.sent('a'), ['HoldMoney'], 'Nobody was here: it begins anew.');
  await second.timePasses();
  deepStrictEqual(await first.sent('a'), ['HoldMoney'], 'It is none of its business.');
  duties[1]!.claim = aClaim(false);
  await second.timers.tick();
  deepStrictEqual(await first.sent('a'), ['HoldMoney', 'FreeMoney']);
});

test('more sagas than are looked at once, all beyond help, keep none behind them from its deadline', {
  ...needsDatabase,
}, async (t) => {
  const replica = await setUp(t);
  const failure = new Error('The disk is full.');
  const first = replica({
    clock: aClock(),
    handlers: {
      async progressed({ id }, _, status) {
        if (id !== 'well' && status === 'timed_out') throw failure;
      },
    },
  });
  await first.runtime.startTimers(ready);
  await first.db.transaction(async () => {
    for (let n = 1; n <= 101; n++) await first.runtime.start({ id: `ill ${n}` });
    await first.runtime.start({ id: 'well' });
  });
  await allAreDue(first);
  await first.db.execute(`update sagas set deadline = deadline - interval '1 minute' where key <> 'well'`);
  for (let turn = 0; turn < 2; turn++) await first.timers.tick();
  deepStrictEqual(await first.sent('well'), ['HoldMoney', 'FreeMoney']);
  strictEqual(first.errors.length >= 101, true);
  deepStrictEqual(await first.sent('ill 1'), ['HoldMoney']);
});

test('timers that are stopped while they wait for replies fire nothing', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.startTimers({ settled: async () => replica.runtime.stopTimers() });
  await replica.runtime.start(A);
  await replica.timePasses();
  deepStrictEqual(await replica.sent('a'), ['HoldMoney']);
});

test('timers that are stopped before they have begun never look', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  let asked = 0;
  await replica.runtime.start(A);
  const starting = replica.runtime.startTimers({
    settled: async () => {
      asked += 1;
    },
  });
  replica.runtime.stopTimers();
  await starting;
  await replica.timePasses();
  deepStrictEqual([asked, await replica.sent('a')], [0, ['HoldMoney']]);
});
