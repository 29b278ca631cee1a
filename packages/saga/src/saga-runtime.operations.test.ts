import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { defineSaga } from './definition.ts';
import { useReplicas } from './runtime.fixtures.ts';
import {
  FlightBooked,
  FlightCancelled,
  FlightRefused,
  HotelBooked,
  MoneyHeld,
  type Trip,
  trip,
  tripByEvents,
} from './trip.fixtures.ts';

const setUp = useReplicas();
const needsDatabase = { skip: databaseMissing };
const A = { id: 'a' };

const ready = { settled: async () => {} };

test('a running saga keeps the definition that it started with; new ones take the first', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const before = replica();
  await before.runtime.start(A);
  const shorter = defineSaga<Trip>({ ...trip, version: 2, compensatable: trip.compensatable.slice(0, 1) });
  const after = replica({ definitions: [shorter, trip] });
  await after.runtime.start({ id: 'b' });
  for (const id of ['a', 'b']) await after.hears(id, MoneyHeld);
  deepStrictEqual(
    [await after.sent('a'), await after.sent('b')],
    [
      ['HoldMoney', 'BookFlight'],
      ['HoldMoney', 'TakeMoney'],
    ],
  );
  deepStrictEqual([(await after.view('a'))?.version, (await after.view('b'))?.version], [1, 2]);
});

test('both styles of a saga run side by side, and are shown alike', needsDatabase, async (t) => {
  const replica = await setUp(t);
  await replica().runtime.start(A);
  const after = replica({ definitions: [tripByEvents, trip] });
  await after.runtime.start({ id: 'b' });
  await after.hears('a', MoneyHeld, FlightBooked);
  await after.hears('b', FlightBooked, HotelBooked, MoneyHeld);
  deepStrictEqual(await after.sent('a'), ['HoldMoney', 'BookFlight', 'BookHotel']);
  deepStrictEqual(await after.sent('b'), ['TakingRequested']);
  const views = await after.runtime.list({ limit: 9 });
  deepStrictEqual(
    views.map(({ key, style }) => `${key} ${style}`),
    ['b choreography', 'a orchestration'],
  );
});

test('a saga whose definition is gone fails loudly, and stays as it was', needsDatabase, async (t) => {
  const replica = await setUp(t);
  await replica().runtime.start(A);
  const after = replica({ definitions: [defineSaga<Trip>({ ...trip, version: 2 })] });
  await rejects(after.hears('a', MoneyHeld), /Version 1 \(orchestration\) of the saga trip is still running/);
  deepStrictEqual(await after.sent('a'), ['HoldMoney']);
});

test('a saga that a newer replica has begun is left to it by the older ones', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const newer = replica({ definitions: [defineSaga<Trip>({ ...trip, version: 2 }), trip] });
  await newer.runtime.start({ id: 'a' });
  await rejects(replica().hears('a', MoneyHeld), { name: 'OutdatedError', message: /Version 2 .* but not here/ });
  await newer.hears('a', MoneyHeld);
  deepStrictEqual(await newer.sent('a'), ['HoldMoney', 'BookFlight']);
});

test(
  'a saga whose definition was changed under its version fails loudly, and stays as it was',
  needsDatabase,
  async (t) => {
    const replica = await setUp(t);
    const before = replica();
    await before.runtime.start({ id: 'a' });
    const { retriable = [], ...rest } = trip;
    const after = replica({ definitions: [defineSaga<Trip>({ ...rest, retriable: [...retriable].reverse() })] });
    await rejects(after.hears('a', MoneyHeld), /Version 1 \(orchestration\) of the saga trip has other steps/);
    await before.hears('a', MoneyHeld);
    strictEqual((await before.view('a'))?.status, 'running');
  },
);

test('a retry is for stuck sagas only', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.startTimers(ready);
  await replica.runtime.start(A);
  const { id } = (await replica.view('a'))!;
  await rejects(replica.runtime.retry(id), { code: 'saga_not_stuck', fault: 'conflict' });
  await rejects(replica.runtime.retry('00000000-0000-7000-8000-000000000000'), { code: 'saga_not_found' });

  for (let tries = 0; tries < 6; tries++) await replica.timePasses();
  const stuck = (await replica.view('a'))!;
  deepStrictEqual(
    [stuck.status, stuck.error],
    ['stuck', 'hold money has not answered 5 times; look for bank.FreeMoney.v1 among the dead letters.'],
  );
  const before = (await replica.sent('a')).length;
  await replica.runtime.retry(id);
  strictEqual((await replica.view('a'))?.status, 'compensating');
  strictEqual((await replica.sent('a')).length, before + 1);
});

test('operators see the newest sagas first, page by page, by status or by key', needsDatabase, async (t) => {
  const { runtime } = (await setUp(t))();
  for (const id of ['a', 'b', 'c']) await runtime.start({ id });
  await runtime.cancel('b');
  const keys = async (filter: Parameters<typeof runtime.list>[0]) => (await runtime.list(filter)).map(({ key }) => key);
  deepStrictEqual(await keys({ limit: 2 }), ['c', 'b']);
  const [, second] = await runtime.list({ limit: 2 });
  deepStrictEqual(await keys({ limit: 2, cursor: second!.id }), ['a']);
  deepStrictEqual(await keys({ status: 'compensating', limit: 9 }), ['b']);
  deepStrictEqual(await keys({ key: 'a', limit: 9 }), ['a']);
});

test('a view tells all about one saga', needsDatabase, async (t) => {
  const replica = (await setUp(t))();
  await replica.runtime.start(A);
  await replica.hears('a', MoneyHeld, FlightRefused);
  const { id, startedAt, updatedAt, steps, ...view } = (await replica.view('a'))!;
  deepStrictEqual(view, {
    name: 'trip',
    version: 1,
    style: 'orchestration',
    key: 'a',
    status: 'compensating',
    reason: 'no_flight',
  });
  ok(startedAt < updatedAt);
  deepStrictEqual(steps.map(({ name, status }) => `${name}: ${status}`).slice(0, 3), [
    'hold money: compensating',
    'book flight: refused',
    'book hotel: pending',
  ]);
  deepStrictEqual((await replica.runtime.view(id))?.key, 'a');
  strictEqual(await replica.runtime.view('00000000-0000-7000-8000-000000000000'), undefined);
});

test('a service listens to each reply of all its definitions once', needsDatabase, async (t) => {
  const replica = await setUp(t);
  const types = replica({ definitions: [trip, tripByEvents] })
    .runtime.subscriptions()
    .map(({ contract }) => contract.type);
  strictEqual(new Set(types).size, types.length);
  deepStrictEqual([types.length, types.includes(FlightCancelled.type)], [13, true]);
});
