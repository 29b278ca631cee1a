import { deepStrictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { command, event, outgoing } from '@ashlar/messaging';
import { type AnyStep, defineSaga, send } from '../definition.ts';
import {
  BookFlight,
  CancelFlight,
  FlightBooked,
  FlightCancelled,
  HoldMoney,
  type Trip,
  TripCancelled,
  trip,
} from '../trip.fixtures.ts';
import { checkSaga } from './check-saga.ts';
import { areFound, type Change, changed, foreign, ofTrip, two } from './planted.fixtures.ts';

const [money] = trip.compensatable as readonly AnyStep<Trip>[];
const [ticket] = trip.retriable!;

/** What the types would not have let through. */
const MALFORMED: readonly (readonly [string, Change])[] = [
  ['a saga has no name', { name: undefined }],
  ['versions do not count from one', { version: 0 }],
  ['there are two pivots', { pivot: [trip.pivot, trip.pivot] }],
  ['there are no steps', { compensatable: [], pivot: undefined, retriable: [] }],
  ['a list of steps is misspelt', { retriables: trip.retriable }],
  ['a step has no name', { retriable: [{ ...ticket, name: ' ' }] }],
  ['a step waits for no time at all', { retriable: [{ ...ticket, timeoutMs: 0 }] }],
  ['a step waits for ever', { pivot: { ...trip.pivot, timeoutMs: Number.POSITIVE_INFINITY } }],
  ['a step says why it fails where it cannot', { retriable: [{ ...ticket, timedOut: 'late' }] }],
  ['a local step sends something', { retriable: [{ ...ticket, local: true }] }],
  ['a step that is undone is to be asked again', { compensatable: [{ ...money, again: money!.do }] }],
];

const Refused = event('flight.Refused.v1', HoldMoney.schema);
const Booked = event('flight.Booked.v1', HoldMoney.schema);
const Freed = event('flight.Freed.v1', HoldMoney.schema);
const Book = command('flight.Book.v1', HoldMoney.schema, { answers: () => ({ done: Booked, refused: Refused }) });
const Free = command('flight.Free.v1', HoldMoney.schema, { answers: () => ({ done: Freed }) });
/** All of the right participant, and used nowhere else: only the commands tell what answers them. */
const told = { do: send(Book, ofTrip), undo: send(Free, ofTrip), done: Booked, refused: Refused, undone: Freed };

const MISHEARD: readonly (readonly [string, number, Change, number])[] = [
  ['a step is told by what never answers its command', 1, { ...told, done: FlightCancelled }, 3],
  ['success and refusal are mistaken for each other', 1, { ...told, done: Refused, refused: Booked }, 3],
  ['an undoing is told by what never answers its command', 1, { ...told, undone: FlightCancelled }, 4],
  ['doing and undoing are mistaken for each other', 1, { ...told, do: told.undo, undo: told.do }, 3],
  ['an undoing can be refused', 1, { undo: told.do, undone: Booked }, 4],
  ['a step cannot be refused', 1, { refused: undefined }, 3],
  ['a participant is asked by an event', 0, { do: send(TripCancelled, ofTrip) }, 1],
  ['an undoing is asked for by an event', 0, { undo: send(TripCancelled, ofTrip) }, 2],
  [
    'a message lacks what its contract asks for',
    1,
    { undo: ({ id }: Trip) => outgoing(CancelFlight, id, {} as never) },
    4,
  ],
  [
    'a command travels on the channel of another',
    0,
    { do: send({ ...HoldMoney, channel: 'hotel.commands' }, ofTrip) },
    1,
  ],
  ['an answer travels on the channel of another', 1, { done: { ...FlightBooked, channel: 'hotel.events' } }, 3],
];

areFound([
  ...MALFORMED.map(([title, change]) => ({
    title,
    definition: foreign({ ...trip, ...change }),
    law: 'form' as const,
    steps: 1,
  })),
  ...MISHEARD.map(([title, index, change, steps]) => ({
    title,
    definition: changed(trip, index, change),
    law: 'wiring' as const,
    steps,
  })),
  {
    title: 'a pivot cannot be refused',
    definition: foreign({ ...trip, pivot: { ...trip.pivot, refused: undefined } }),
    law: 'wiring',
    steps: 7,
  },
  {
    title: 'a silent step is asked for by another command the second time',
    definition: foreign({ ...trip, pivot: { ...trip.pivot, again: money!.undo } }),
    law: 'wiring',
    steps: 7,
  },
  {
    title: 'what can be refused stands behind the pivot',
    definition: foreign({ ...trip, retriable: [{ name: 'book', do: send(Book, ofTrip), done: Booked }] }),
    law: 'wiring',
    steps: 9,
  },
  {
    title: 'an announcement is made to one alone',
    definition: foreign({ ...two, announce: { ...two.announce, cancelled: send(HoldMoney, ofTrip) } }),
    law: 'wiring',
    steps: 2,
  },
]);

test('commands that tell their answers are believed', () => {
  deepStrictEqual(checkSaga(changed(trip, 1, told)).flaws, []);
});

test('whoever defines a saga hears at once of what the types would not have let through', () => {
  for (const [title, change] of MALFORMED)
    throws(() => defineSaga(foreign({ ...trip, ...change })), /^Error: (?:A saga|The saga)/, title);
});

test('it is found that a message says something else each time, though the saga knows the same', () => {
  let said = 0;
  const definition = changed(trip, 1, { do: ({ id }: Trip) => outgoing(BookFlight, id, { tripId: `${++said}` }) });
  const [found] = checkSaga(definition).flaws;
  deepStrictEqual([found?.law, found?.steps.length], ['engine', 3], found?.flaw);
});

test('a message may not change what a saga knows', () => {
  const [found] = checkSaga(
    changed(trip, 0, { do: (saga: Trip) => outgoing(HoldMoney, saga.id, Object.assign(saga, ofTrip(saga))) }),
  ).flaws;
  deepStrictEqual([found?.law, found?.steps.length], ['engine', 1]);
});
