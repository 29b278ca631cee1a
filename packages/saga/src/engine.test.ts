import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Contract } from '@ashlar/messaging';
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
  trip,
  VoucherSent,
} from './trip.fixtures.ts';

const HAPPY = [MoneyHeld, FlightBooked, HotelBooked, MoneyTaken, TicketIssued, VoucherSent];
const FORWARD = ['HoldMoney', 'BookFlight', 'BookHotel', 'TakeMoney', 'IssueTicket', 'SendVoucher'];
const UNDONE = [HotelCancelled, FlightCancelled, MoneyFreed];
const BACK = ['CancelHotel', 'CancelFlight', 'FreeMoney'];

const drive = (...happenings: Happening[]) => new Driven(trip).hears(...happenings);
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

interface Row {
  readonly title: string;
  readonly heard: readonly Happening[];
  readonly said: readonly string[];
  readonly reason?: string;
}

const ROWS: readonly Row[] = [
  { title: 'a saga whose steps are all done is completed', heard: HAPPY, said: [...FORWARD, 'completed'] },
  {
    title: 'a refusal of the first step leaves nothing to undo',
    heard: [MoneyRefused],
    said: ['HoldMoney', 'compensated'],
    reason: 'no_money',
  },
  {
    title: 'a refusal of the second step undoes the first, and not the second',
    heard: [MoneyHeld, FlightRefused, MoneyFreed],
    said: ['HoldMoney', 'BookFlight', 'FreeMoney', 'compensated'],
    reason: 'no_flight',
  },
  {
    title: 'what was done is undone in reverse order, one after the other',
    heard: [MoneyHeld, FlightBooked, HotelRefused, FlightCancelled, MoneyFreed],
    said: ['HoldMoney', 'BookFlight', 'BookHotel', 'CancelFlight', 'FreeMoney', 'compensated'],
    reason: 'no_hotel',
  },
  {
    title: 'the next undoing waits until the one before it is answered',
    heard: [MoneyHeld, FlightBooked, HotelRefused],
    said: ['HoldMoney', 'BookFlight', 'BookHotel', 'CancelFlight'],
    reason: 'no_hotel',
  },
  {
    title: 'a refused pivot undoes everything before it',
    heard: [MoneyHeld, FlightBooked, HotelBooked, TakingFailed, ...UNDONE],
    said: [...FORWARD.slice(0, 4), ...BACK, 'compensated'],
    reason: 'not_paid',
  },
  {
    title: 'a time-out of the first step undoes it: nobody knows whether it was done',
    heard: ['timeout', MoneyFreed],
    said: ['HoldMoney', 'FreeMoney', 'compensated'],
    reason: 'timed_out',
  },
  {
    title: 'schedule 5.1: a time-out of a compensatable step undoes that step too',
    heard: [MoneyHeld, FlightBooked, 'timeout', ...UNDONE],
    said: [...FORWARD.slice(0, 3), ...BACK, 'compensated'],
    reason: 'hotel_silent',
  },
  {
    title: 'schedule 5.1: success after the time-out changes nothing, the step is undone all the same',
    heard: [MoneyHeld, 'timeout', FlightBooked, FlightCancelled, FlightBooked, MoneyFreed, FlightBooked],
    said: ['HoldMoney', 'BookFlight', 'CancelFlight', 'FreeMoney', 'compensated'],
    reason: 'timed_out',
  },
  {
    title: 'a refusal after the time-out changes nothing: only the answer to the undoing ends the step',
    heard: [MoneyHeld, 'timeout', FlightRefused],
    said: ['HoldMoney', 'BookFlight', 'CancelFlight'],
    reason: 'timed_out',
  },
  {
    title: 'an undoing that stays silent is asked again',
    heard: [MoneyHeld, FlightRefused, 'timeout', 'timeout', MoneyFreed],
    said: ['HoldMoney', 'BookFlight', 'FreeMoney', 'FreeMoney', 'FreeMoney', 'compensated'],
    reason: 'no_flight',
  },
  {
    title: 'schedule 5.3: a silent pivot is asked again and never undone',
    heard: [MoneyHeld, FlightBooked, HotelBooked, ...times(8, 'timeout' as const), MoneyTaken],
    said: [...FORWARD.slice(0, 4), ...times(8, 'TakeMoney'), 'IssueTicket'],
  },
  {
    title: 'schedule 5.3: a pivot refused after its time-out leads back',
    heard: [MoneyHeld, FlightBooked, HotelBooked, 'timeout', TakingFailed, ...UNDONE],
    said: [...FORWARD.slice(0, 4), 'TakeMoney', ...BACK, 'compensated'],
    reason: 'not_paid',
  },
  {
    title: 'a step after the pivot is asked until it answers',
    heard: [...HAPPY.slice(0, 4), 'timeout', 'timeout', TicketIssued, 'timeout', VoucherSent],
    said: [...FORWARD.slice(0, 5), 'IssueTicket', 'IssueTicket', 'SendVoucher', 'SendVoucher', 'completed'],
  },
  {
    title: 'a cancellation during a step undoes that step and those before it',
    heard: [MoneyHeld, 'cancel', FlightCancelled, MoneyFreed],
    said: ['HoldMoney', 'BookFlight', 'CancelFlight', 'FreeMoney', 'compensated'],
    reason: 'cancelled',
  },
  {
    title: 'a second cancellation changes nothing',
    heard: [MoneyHeld, 'cancel', 'cancel', FlightCancelled, 'cancel', MoneyFreed, 'cancel'],
    said: ['HoldMoney', 'BookFlight', 'CancelFlight', 'FreeMoney', 'compensated'],
    reason: 'cancelled',
  },
  {
    title: 'a saga that is cancelled while it is being undone goes on as it was, and ends cancelled',
    heard: [MoneyHeld, FlightBooked, HotelRefused, 'cancel', FlightCancelled, MoneyFreed],
    said: ['HoldMoney', 'BookFlight', 'BookHotel', 'CancelFlight', 'FreeMoney', 'compensated'],
    reason: 'cancelled',
  },
  {
    title: 'schedule 5.4: once the pivot is sent a cancellation changes nothing',
    heard: [MoneyHeld, FlightBooked, HotelBooked, 'cancel', MoneyTaken, 'cancel', TicketIssued, 'cancel', VoucherSent],
    said: [...FORWARD, 'completed'],
  },
  {
    title: 'schedule 5.4: a cancellation that came too late stays so when the pivot fails',
    heard: [MoneyHeld, FlightBooked, HotelBooked, TakingFailed, 'cancel', ...UNDONE],
    said: [...FORWARD.slice(0, 4), ...BACK, 'compensated'],
    reason: 'not_paid',
  },
];

for (const { title, heard, said, reason } of ROWS) {
  test(title, () => {
    const driven = drive(...heard);
    deepStrictEqual(driven.said, said);
    strictEqual(driven.state.reason, reason);
    strictEqual(driven.state.cancelled ?? false, reason === 'cancelled');
  });
}

test('a reply that comes again changes nothing, at any time', () => {
  const paths: Happening[][] = [
    HAPPY,
    [MoneyHeld, FlightBooked, HotelRefused, FlightCancelled, MoneyFreed],
    [MoneyHeld, FlightBooked, HotelBooked, TakingFailed, ...UNDONE],
    [MoneyHeld, 'timeout', FlightCancelled, MoneyFreed],
    [MoneyHeld, FlightBooked, 'cancel', ...UNDONE],
  ];
  for (const path of paths) {
    for (const length of path.keys()) {
      const heard = path.slice(0, length + 1);
      const driven = drive(...heard);
      const before = driven.state;
      driven.hears(...heard.filter((happening): happening is Contract => typeof happening !== 'string'));
      strictEqual(driven.state, before);
    }
  }
});

test('a reply to a step that was never asked changes nothing', () => {
  const driven = drive();
  const before = driven.state;
  driven.hears(FlightBooked, HotelRefused, MoneyTaken, TakingFailed, VoucherSent, MoneyFreed, HotelCancelled);
  strictEqual(driven.state, before);
});

test('a saga that has ended hears nothing any more', () => {
  for (const path of [HAPPY, [MoneyRefused]] as Happening[][]) {
    const driven = drive(...path);
    const before = driven.state;
    driven.hears('timeout', 'cancel', 'retry', ...HAPPY, ...UNDONE, MoneyRefused, TakingFailed);
    strictEqual(driven.state, before);
    strictEqual(before.waitMs, undefined);
  }
});

test('the status says where a saga stands', () => {
  const standings: [Happening[], string][] = [
    [[], 'running'],
    [HAPPY.slice(0, 4), 'running'],
    [[MoneyHeld, FlightRefused], 'compensating'],
    [[MoneyHeld, FlightRefused, MoneyFreed], 'compensated'],
    [HAPPY, 'completed'],
  ];
  for (const [heard, status] of standings) strictEqual(statusOf(drive(...heard).state), status);
});

test('each step remembers what became of it, how often it was asked, and when', () => {
  const driven = drive(MoneyHeld, FlightBooked, 'timeout', 'timeout', HotelCancelled);
  deepStrictEqual(driven.state.steps.slice(0, 4), [
    { name: 'hold money', status: 'done', attempts: 1, at: '1970-01-01T00:01:00.000Z' },
    { name: 'book flight', status: 'compensating', attempts: 1, at: '1970-01-01T00:05:00.000Z' },
    {
      name: 'book hotel',
      status: 'compensated',
      attempts: 2,
      at: '1970-01-01T00:05:00.000Z',
      error: 'It did not answer in time.',
    },
    { name: 'take money', status: 'pending', attempts: 0 },
  ]);
});
