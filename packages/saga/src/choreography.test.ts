import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { defineSaga } from './definition.ts';
import { statusOf } from './engine.ts';
import {
  Driven,
  FlightBooked,
  FlightCancelled,
  FlightRefused,
  type Happening,
  HotelBooked,
  HotelCancelled,
  HotelRefused,
  MoneyFreed,
  MoneyHeld,
  MoneyRefused,
  MoneyTaken,
  TakingFailed,
  TicketIssued,
  type Trip,
  tripByEvents,
  VoucherSent,
} from './trip.fixtures.ts';

const RESERVED = [MoneyHeld, FlightBooked, HotelBooked];

interface Row {
  readonly title: string;
  readonly heard: readonly Happening[];
  readonly said: readonly string[];
  readonly reason?: string;
}

const ROWS: readonly Row[] = [
  {
    title: 'a choreography only listens until all have reserved, then asks for the money',
    heard: [...RESERVED, MoneyTaken, TicketIssued, VoucherSent],
    said: ['TakingRequested', 'completed'],
  },
  {
    title: 'events of different participants are taken in any order',
    heard: [HotelBooked, MoneyHeld, FlightBooked, MoneyTaken, TicketIssued, VoucherSent],
    said: ['TakingRequested', 'completed'],
  },
  { title: 'a refusal by the first ends it at once', heard: [MoneyRefused], said: ['compensated'], reason: 'no_money' },
  {
    title: 'after a refusal everybody who may have reserved has to answer before it ends, in any order',
    heard: [MoneyHeld, FlightBooked, HotelRefused, MoneyFreed, FlightCancelled],
    said: ['compensated'],
    reason: 'no_hotel',
  },
  {
    title: 'a refusal that is heard before the success of an earlier step waits for that one to be undone',
    heard: [FlightRefused, MoneyHeld, MoneyFreed],
    said: ['compensated'],
    reason: 'no_flight',
  },
  {
    title: 'a participant that stays silent after a refusal is told that all is undone',
    heard: [MoneyHeld, FlightRefused, 'timeout', 'timeout', MoneyFreed],
    said: ['TripTimedOut', 'TripTimedOut', 'compensated'],
    reason: 'no_flight',
  },
  {
    title: 'schedule 5.6: a time-out is told to everybody, and it ends only when all three have answered',
    heard: ['timeout', MoneyFreed, HotelCancelled, FlightCancelled],
    said: ['TripTimedOut', 'compensated'],
    reason: 'timed_out',
  },
  {
    title: 'a time-out blames the participant that was awaited',
    heard: [MoneyHeld, FlightBooked, 'timeout', MoneyFreed, FlightCancelled, HotelCancelled],
    said: ['TripTimedOut', 'compensated'],
    reason: 'hotel_silent',
  },
  {
    title: 'where all have undone and the refusal was discarded, the time-out ends it',
    heard: [MoneyHeld, MoneyFreed, FlightCancelled, HotelCancelled, 'timeout'],
    said: ['TripTimedOut', 'compensated'],
    reason: 'timed_out',
  },
  {
    title: 'a success after the time-out changes nothing',
    heard: ['timeout', MoneyHeld, FlightBooked, HotelBooked],
    said: ['TripTimedOut'],
    reason: 'timed_out',
  },
  {
    title: 'a cancellation is told to everybody, and told again until all have answered',
    heard: [MoneyHeld, 'cancel', 'timeout', FlightCancelled, MoneyFreed, HotelCancelled],
    said: ['TripCancelled', 'TripCancelled', 'compensated'],
    reason: 'cancelled',
  },
  {
    title: 'schedule 5.5: a cancellation after the request for the money changes nothing',
    heard: [...RESERVED, 'cancel', MoneyTaken, 'cancel', TicketIssued, VoucherSent],
    said: ['TakingRequested', 'completed'],
  },
  {
    title: 'a request for the money that stays silent is repeated, and so it is for the steps after it',
    heard: [...RESERVED, 'timeout', MoneyTaken, 'timeout', TicketIssued, VoucherSent],
    said: ['TakingRequested', 'TakingRequested', 'TakingRequested', 'completed'],
  },
  {
    title: 'when the money cannot be taken all three have to answer',
    heard: [...RESERVED, TakingFailed, MoneyFreed, HotelCancelled, FlightCancelled],
    said: ['TakingRequested', 'compensated'],
    reason: 'not_paid',
  },
];

for (const { title, heard, said, reason } of ROWS) {
  test(title, () => {
    const driven = new Driven(tripByEvents).hears(...heard);
    deepStrictEqual(driven.said, said);
    strictEqual(driven.state.reason, reason);
  });
}

test('a choreography in which one never answers is stuck, and a late answer ends it', () => {
  const silence = Array.from({ length: 6 }, () => 'timeout' as const);
  const driven = new Driven(tripByEvents).hears('timeout', MoneyFreed, FlightCancelled, ...silence);
  strictEqual(statusOf(driven.state), 'stuck');
  strictEqual(driven.state.stuck, 'book hotel has not answered 6 times.');
  strictEqual(statusOf(driven.hears(HotelCancelled).state), 'compensated');
});

test('a choreography has no local step that somebody would have to begin', () => {
  const local = { name: 'count seat', local: true } as const;
  throws(() => defineSaga<Trip>({ ...tripByEvents, compensatable: [local] }), /nobody begins it/);
});
