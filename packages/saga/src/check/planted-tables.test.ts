import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { command, event, outgoing } from '@ashlar/messaging';
import { type AnyStep, type SagaDefinition, send } from '../definition.ts';
import {
  FlightCancelled,
  HoldMoney,
  IssueTicket,
  localTrip,
  MoneyFreed,
  MoneyRefused,
  TakeMoney,
  TicketIssued,
  type Trip,
  trip,
  tripByEvents,
} from '../trip.fixtures.ts';
import { checkSaga } from './check-saga.ts';
import type { Law } from './flaw.ts';
import { areFound, changed, foreign, ofTrip } from './planted.fixtures.ts';
import type { Reaction } from './reactions.ts';

const [, flight, hotel] = trip.compensatable as readonly AnyStep<Trip>[];
const [ticket, voucher] = trip.retriable!;

/** A second flight, which is booked and cancelled by messages of its own. */
const seat = {
  ...flight,
  name: 'book second flight',
  do: send(command('flight.BookSecond.v1', HoldMoney.schema), ofTrip),
  done: event('flight.SecondBooked.v1', HoldMoney.schema),
  refused: event('flight.SecondRefused.v1', HoldMoney.schema),
  undo: send(command('flight.CancelSecond.v1', HoldMoney.schema), ofTrip),
  undone: event('flight.SecondCancelled.v1', HoldMoney.schema),
};
const twoFlights = (second: object) =>
  foreign({ ...trip, compensatable: [...trip.compensatable.slice(0, 2), { ...seat, ...second }] });

const Refusable = command('bank.FreeMoney.v1', HoldMoney.schema, {
  answers: () => ({ done: MoneyFreed, refused: MoneyRefused }),
});

areFound([
  { title: 'two steps claim one undoing', definition: twoFlights({ undo: flight!.undo }), law: 'wiring', steps: 6 },
  {
    title: 'two undoings are told by one answer',
    definition: twoFlights({ undone: FlightCancelled }),
    law: 'wiring',
    steps: 6,
  },
  {
    title: 'its participant may refuse an undoing',
    definition: changed(trip, 0, { undo: send(Refusable, ofTrip) }),
    law: 'wiring',
    steps: 2,
  },
  {
    title: 'an undoing is done by doing it again',
    definition: changed(trip, 2, { undo: hotel!.do, undone: hotel!.done }),
    law: 'wiring',
    steps: 6,
  },
  {
    title: 'an undoing is told by a step past the point of no return',
    definition: changed(trip, 1, { undone: TicketIssued }),
    law: 'wiring',
    steps: 4,
  },
  {
    title: 'a step with an undoing is left to be tried after the pivot',
    definition: foreign({ ...trip, compensatable: trip.compensatable.slice(0, 1), retriable: [flight, ticket] }),
    law: 'form',
    steps: 1,
  },
  {
    title: 'a step is asked for again with other data',
    definition: foreign({
      ...trip,
      retriable: [
        { ...ticket, again: ({ id }: Trip) => outgoing(IssueTicket, id, { tripId: `${id} again` }) },
        voucher,
      ],
    }),
    law: 'wiring',
    steps: 9,
  },
  {
    title: 'the pivot is asked for again with other data',
    definition: foreign({
      ...trip,
      pivot: { ...trip.pivot, again: ({ id }: Trip) => outgoing(TakeMoney, id, { tripId: `${id} again` }) },
    }),
    law: 'wiring',
    steps: 7,
  },
  {
    title: 'a step is asked for again under another key',
    definition: foreign({
      ...trip,
      retriable: [
        { ...ticket, again: (saga: Trip) => outgoing(IssueTicket, `again-${saga.id}`, ofTrip(saga)) },
        voucher,
      ],
    }),
    law: 'key',
    steps: 10,
  },
]);

test('it is found that the handler of a step that nothing leads back from knows how to undo it', () => {
  const work = { do: async () => {}, undo: async () => {} };
  const [found] = checkSaga(localTrip, { handlers: { steps: { 'count seat': work, 'note trip': work } } }).flaws;
  const what = '"note trip" knows how to be undone, but stands where nothing is undone any more.';
  deepStrictEqual([found?.law, found?.flaw], ['wiring', what]);
});

/** Money, flight, taking, ticket. */
const SHORT: SagaDefinition<Trip> = {
  ...tripByEvents,
  compensatable: tripByEvents.compensatable.slice(0, 2),
  retriable: tripByEvents.retriable!.slice(0, 1),
};

type Word = `${string}: ${'do' | 'undo'} ${string} < ${string}`;

/** `bank: do hold money < trip.TripPlanned` */
function reactionOf(word: Word): Reaction {
  const [, participant = '', action, step = '', upon = ''] = /^(\w+): (do|undo) (.+) < (.+)$/.exec(word)!;
  return { participant, action: action as 'do', step, upon: upon.split(' + ').map((type) => `${type}.v1`) };
}

const TABLE: readonly Word[] = [
  'bank: do hold money < trip.TripPlanned',
  'bank: undo hold money < flight.FlightRefused',
  'bank: undo hold money < trip.TripTimedOut',
  'bank: undo hold money < trip.TripCancelled',
  'flight: do book flight < bank.MoneyHeld',
  'flight: undo book flight < bank.TakingFailed',
  'flight: undo book flight < trip.TripTimedOut',
  'flight: undo book flight < trip.TripCancelled',
  'bank: do take money < trip.TakingRequested',
  'flight: do issue ticket < bank.MoneyTaken',
];

const check = (table: readonly Word[]) => checkSaga(SHORT, { reactions: table.map(reactionOf), stopAtFirst: true });
const without = (...words: readonly Word[]) => TABLE.filter((word) => !words.includes(word));

const SOUND: readonly (readonly [string, readonly Word[]])[] = [
  ['as it is', TABLE],
  [
    'the second undoes only what the first has undone',
    [...TABLE.filter((word) => !word.startsWith('flight: undo')), 'flight: undo book flight < bank.MoneyFreed'],
  ],
  ['one undoes as soon as another has', [...TABLE, 'flight: undo book flight < bank.MoneyFreed']],
  [
    'an undoing waits for another that always comes',
    [
      ...without('bank: undo hold money < trip.TripCancelled'),
      'bank: undo hold money < trip.TripCancelled + flight.FlightCancelled',
    ],
  ],
];

for (const [title, table] of SOUND)
  test(`a sound choreography is not blamed: ${title}`, () => deepStrictEqual(check(table).flaws, []));

const FLAWED: readonly (readonly [string, Law, number, readonly Word[]])[] = [
  ['one does not hear of the cancellation', 'silence', 5, without('flight: undo book flight < trip.TripCancelled')],
  ['one does not hear of the time-out', 'silence', 5, without('bank: undo hold money < trip.TripTimedOut')],
  [
    'the first does not hear that the second refuses',
    'silence',
    4,
    without('bank: undo hold money < flight.FlightRefused'),
  ],
  [
    'the second does not hear that the pivot fails',
    'silence',
    8,
    without('flight: undo book flight < bank.TakingFailed'),
  ],
  ['the money is taken as soon as all is booked', 'order', 6, [...TABLE, 'bank: do take money < flight.FlightBooked']],
  [
    'the ticket does not wait for the money',
    'order',
    4,
    [...without('flight: do issue ticket < bank.MoneyTaken'), 'flight: do issue ticket < flight.FlightBooked'],
  ],
  [
    'the ticket is issued when the money is asked for',
    'order',
    6,
    [...without('flight: do issue ticket < bank.MoneyTaken'), 'flight: do issue ticket < trip.TakingRequested'],
  ],
  [
    'the second does not wait for the first',
    'money',
    4,
    [...without('flight: do book flight < bank.MoneyHeld'), 'flight: do book flight < trip.TripPlanned'],
  ],
  ['something is undone upon a success', 'order', 6, [...TABLE, 'bank: undo hold money < flight.FlightBooked']],
  [
    'something is undone when the money is taken',
    'no return',
    7,
    [...TABLE, 'flight: undo book flight < bank.MoneyTaken'],
  ],
  [
    'something is undone when the money is asked for',
    'no return',
    7,
    [...TABLE, 'flight: undo book flight < trip.TakingRequested'],
  ],
  [
    'what follows waits for what nobody says',
    'silence',
    7,
    [...without('flight: do issue ticket < bank.MoneyTaken'), 'flight: do issue ticket < bank.MoneyCounted'],
  ],
  [
    'somebody else undoes what is not his',
    'wiring',
    4,
    [...without('bank: undo hold money < flight.FlightRefused'), 'flight: undo hold money < flight.FlightRefused'],
  ],
  ['nobody does a step', 'silence', 3, without('flight: do book flight < bank.MoneyHeld')],
];

for (const [title, law, steps, table] of FLAWED)
  test(`it is found of a choreography, on the shortest way, that ${title}`, () => {
    const [found] = check(table).flaws;
    deepStrictEqual([found?.law, found?.steps.length], [law, steps], `${found?.flaw}\n${found?.steps.join('\n')}`);
    ok(found?.diagram.startsWith('sequenceDiagram\n'));
  });
