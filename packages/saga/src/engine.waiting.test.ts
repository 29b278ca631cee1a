import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { Contract } from '@ashlar/messaging';
import { defineSaga } from './definition.ts';
import { isPastPivot, statusOf } from './engine.ts';
import {
  Driven,
  FlightBooked,
  FlightCancelled,
  FlightRefused,
  type Happening,
  HotelBooked,
  HotelRefused,
  localTrip,
  MoneyFreed,
  MoneyHeld,
  MoneyTaken,
  TakingFailed,
  TIMEOUT_MS,
  type Trip,
  trip,
} from './trip.fixtures.ts';

const drive = (...happenings: Happening[]) => new Driven(trip).hears(...happenings);
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

test('the point of no return is passed when the pivot is sent, not when it is answered', () => {
  strictEqual(isPastPivot(trip, drive(MoneyHeld, FlightBooked).state), false);
  strictEqual(isPastPivot(trip, drive(MoneyHeld, FlightBooked, HotelBooked).state), true);
});

test('without a pivot the first step that cannot be undone is the point of no return', () => {
  const { pivot: _, ...rest } = trip;
  const driven = new Driven(defineSaga<Trip>(rest)).hears(MoneyHeld, FlightBooked, HotelBooked, 'cancel', 'timeout');
  deepStrictEqual(driven.said.slice(3), ['IssueTicket', 'IssueTicket']);
});

test('tries of what must be answered come later and later, up to ten times the time-out', () => {
  const driven = drive(MoneyHeld, FlightBooked, HotelBooked);
  const waits = Array.from({ length: 7 }, () => {
    const { waitMs } = driven.state;
    driven.hears('timeout');
    return waitMs! / TIMEOUT_MS;
  });
  deepStrictEqual(waits, [1, 2, 4, 8, 10, 10, 10]);
});

test('a saga is stuck after five silent tries, and says at which step', () => {
  const driven = drive(MoneyHeld, FlightBooked, HotelBooked, ...times(4, 'timeout' as const));
  strictEqual(statusOf(driven.state), 'running');
  driven.hears('timeout');
  strictEqual(statusOf(driven.state), 'stuck');
  strictEqual(
    driven.state.stuck,
    'take money has not answered 5 times; look for bank.TakeMoney.v1 among the dead letters.',
  );
});

test('a stuck saga goes on trying', () => {
  strictEqual(drive(MoneyHeld, FlightRefused, ...times(9, 'timeout' as const)).said.at(-1), 'FreeMoney');
});

test('schedule 5.8: a late reply moves a stuck saga on, without an operator', () => {
  const silent = times(6, 'timeout' as const);
  strictEqual(statusOf(drive(MoneyHeld, FlightRefused, ...silent, MoneyFreed).state), 'compensated');
  strictEqual(statusOf(drive(MoneyHeld, FlightBooked, HotelRefused, ...silent, FlightCancelled).state), 'compensating');
  strictEqual(statusOf(drive(MoneyHeld, FlightBooked, HotelBooked, ...silent, MoneyTaken).state), 'running');
});

test('a retry asks the step of a stuck saga again, as if for the first time', () => {
  const driven = drive(MoneyHeld, FlightRefused, ...times(6, 'timeout' as const), 'retry');
  strictEqual(statusOf(driven.state), 'compensating');
  strictEqual(driven.said.at(-1), 'FreeMoney');
  deepStrictEqual([driven.state.steps[0]!.attempts, driven.state.waitMs], [1, TIMEOUT_MS]);
});

test('a retry of a saga that is not stuck changes nothing', () => {
  const driven = drive(MoneyHeld);
  const before = driven.state;
  strictEqual(driven.hears('retry').state, before);
});

test('a local step is done at once, and undone at once', () => {
  deepStrictEqual(new Driven(localTrip).hears(MoneyHeld, MoneyTaken).said, [
    'do count seat',
    'HoldMoney',
    'TakeMoney',
    'do note trip',
    'completed',
  ]);
  deepStrictEqual(new Driven(localTrip).hears(MoneyHeld, TakingFailed, MoneyFreed).said, [
    'do count seat',
    'HoldMoney',
    'TakeMoney',
    'FreeMoney',
    'undo count seat',
    'compensated',
  ]);
});

test('a local step that refuses undoes those before it', () => {
  const last = defineSaga<Trip>({
    ...localTrip,
    compensatable: [trip.compensatable[0]!, { name: 'count seat', local: true }],
  });
  const driven = new Driven(last, { 'count seat': 'no_seat' }).hears(MoneyHeld, MoneyFreed);
  deepStrictEqual(driven.said, ['HoldMoney', 'do count seat', 'FreeMoney', 'compensated']);
  strictEqual(driven.state.reason, 'no_seat');
  deepStrictEqual(driven.statuses.slice(0, 2), ['compensated', 'refused']);
});

test('a definition that could not be undone is refused when it is made', () => {
  const [money] = trip.compensatable;
  throws(() => defineSaga<Trip>({ ...trip, compensatable: [money!, money!] }), /two steps of one name/);
  const { undo: _, ...noUndo } = money as Extract<typeof money, { done: Contract }>;
  throws(() => defineSaga<Trip>({ ...trip, compensatable: [noUndo] }), /lacks what it has to send/);
});
