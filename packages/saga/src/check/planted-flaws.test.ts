import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { event, outgoing } from '@ashlar/messaging';
import { type AnyStep, send } from '../definition.ts';
import {
  BookFlight,
  CancelFlight,
  FlightCancelled,
  HoldMoney,
  HotelCancelled,
  MoneyHeld,
  MoneyRefused,
  MoneyTaken,
  type Trip,
  TripCancelled,
  trip,
  tripByEvents,
} from '../trip.fixtures.ts';
import { checkSaga } from './check-saga.ts';
import { areFound, changed, foreign, ofTrip, type Planted, two } from './planted.fixtures.ts';

const [money, flight, hotel] = trip.compensatable as readonly AnyStep<Trip>[];
const [ticket, voucher] = trip.retriable!;
const TicketRefused = event('flight.TicketRefused.v1', HoldMoney.schema);

const PLANTED: readonly Planted[] = [
  { title: 'an undoing is missing', definition: changed(trip, 0, { undo: undefined }), law: 'silence', steps: 2 },
  {
    title: 'an undoing undoes another step',
    definition: changed(trip, 1, { undo: money!.undo }),
    law: 'wiring',
    steps: 4,
  },
  {
    title: 'a step undoes another step of its own participant',
    definition: foreign({ ...trip, compensatable: [money, { ...money, name: 'hold more' }] }),
    law: 'wiring',
    steps: 3,
  },
  {
    title: 'an undoing asks for its step',
    definition: changed(trip, 1, { undo: flight!.do }),
    law: 'wiring',
    steps: 4,
  },
  {
    title: 'nothing tells of an undoing',
    definition: changed(trip, 0, { undone: undefined }),
    law: 'wiring',
    steps: 2,
  },
  { title: 'nothing tells of a success', definition: changed(trip, 0, { done: undefined }), law: 'wiring', steps: 1 },
  {
    title: 'two steps share their success',
    definition: changed(trip, 1, { done: MoneyHeld }),
    law: 'wiring',
    steps: 3,
  },
  {
    title: 'two steps share their refusal',
    definition: changed(trip, 1, { refused: MoneyRefused }),
    law: 'wiring',
    steps: 3,
  },
  {
    title: 'one contract tells success and refusal of a step',
    definition: changed(trip, 0, { refused: MoneyHeld }),
    law: 'wiring',
    steps: 1,
  },
  {
    title: 'an undoing is told by the success of another step',
    definition: changed(trip, 0, { undone: MoneyTaken }),
    law: 'wiring',
    steps: 2,
  },
  {
    title: 'an undoing is told by another participant',
    definition: changed(trip, 1, { undone: HotelCancelled }),
    law: 'wiring',
    steps: 4,
  },
  { title: 'a step waits for a command', definition: changed(trip, 1, { done: BookFlight }), law: 'wiring', steps: 3 },
  {
    title: 'a step that is asked until it is done can be refused',
    definition: foreign({ ...trip, retriable: [{ ...ticket, refused: TicketRefused }, voucher] }),
    law: 'no return',
    steps: 11,
  },
  {
    title: 'a step that could be undone stands behind the pivot',
    definition: foreign({
      ...trip,
      retriable: [{ ...ticket, undo: send(CancelFlight, ofTrip), undone: FlightCancelled }, voucher],
    }),
    law: 'wiring',
    steps: 9,
  },
  {
    title: 'the pivot stands before steps that can be undone',
    definition: foreign({ ...trip, compensatable: [trip.pivot, flight, hotel], pivot: undefined }),
    law: 'wiring',
    steps: 2,
  },
  {
    title: 'a pivot asks for another step',
    definition: foreign({ ...trip, pivot: { ...trip.pivot, do: money!.do } }),
    law: 'wiring',
    steps: 7,
  },
  {
    title: 'nobody is asked for the pivot',
    definition: foreign({ ...trip, pivot: { ...trip.pivot, do: undefined } }),
    law: 'silence',
    steps: 7,
  },
  { title: 'two steps have one name', definition: changed(trip, 1, { name: 'hold money' }), law: 'wiring', steps: 1 },
  {
    title: 'a step does not say why it fails in silence',
    definition: changed(trip, 0, { timedOut: undefined }),
    law: 'wiring',
    steps: 2,
  },
  {
    title: 'a step does not say why it fails when it is refused',
    definition: changed(trip, 0, { reason: undefined }),
    law: 'wiring',
    steps: 3,
  },
  {
    title: 'an undoing goes under a key of its own',
    definition: changed(trip, 1, { undo: (saga: Trip) => outgoing(CancelFlight, `flight-${saga.id}`, ofTrip(saga)) }),
    law: 'key',
    steps: 4,
  },
  {
    title: 'a request goes without a key',
    definition: changed(trip, 0, { do: (saga: Trip) => ({ contract: HoldMoney, data: ofTrip(saga) }) }),
    law: 'key',
    steps: 1,
  },
  {
    title: 'a request cannot be built',
    definition: changed(trip, 1, { do: () => JSON.parse('no seat map') }),
    law: 'engine',
    steps: 3,
  },
  {
    title: 'a choreography announces time-outs only',
    definition: foreign({ ...two, announce: { timedOut: two.announce?.timedOut } }),
    law: 'silence',
    steps: 3,
  },
  {
    title: 'an announcement goes under another key',
    definition: foreign({
      ...two,
      announce: { ...two.announce, cancelled: (saga: Trip) => outgoing(TripCancelled, 'all', ofTrip(saga)) },
    }),
    law: 'key',
    steps: 2,
  },
  {
    title: 'a choreography never asks again for what follows the pivot',
    definition: foreign({ ...two, retriable: [{ ...tripByEvents.retriable?.[0], again: undefined }] }),
    law: 'way out',
    steps: 8,
  },
  {
    title: 'two participants of a choreography share a refusal',
    definition: changed(two, 1, { refused: MoneyRefused }),
    law: 'wiring',
    steps: 3,
  },
];

areFound(PLANTED);

test('a counterexample is read step by step, and drawn', () => {
  const [found] = checkSaga(changed(trip, 1, { undo: money!.undo })).flaws;
  deepStrictEqual(found?.steps, [
    'trip begins: HoldMoney',
    'bank hears HoldMoney from trip: hold money done, MoneyHeld',
    'trip hears MoneyHeld from bank: BookFlight',
    'trip has waited too long: FreeMoney',
  ]);
  strictEqual(
    found?.diagram,
    `sequenceDiagram
  participant saga as trip
  participant bank
  participant flight
  participant hotel
  Note over saga: begins
  saga-)bank: HoldMoney
  Note over bank: hold money done
  bank-)saga: MoneyHeld
  Note over saga: has waited too long
  saga--)bank: FreeMoney, under way
  saga--)flight: BookFlight, under way
  Note over saga: ✗ "book flight" belongs to flight, but bank.FreeMoney.v1 asks to undo it.
`,
  );
});

test('a counterexample shows what was discarded', () => {
  const definition = foreign({ ...two, retriable: [{ ...tripByEvents.retriable?.[0], again: undefined }] });
  const [found] = checkSaga(definition).flaws;
  ok(found?.diagram.includes('-x'), found?.diagram);
  ok(found?.steps.some((step) => step.startsWith('an operator discards')));
});

test('what is wrong in several ways is told in several ways, the shortest first', () => {
  const { flaws } = checkSaga(changed(changed(trip, 0, { undo: undefined }), 2, { reason: undefined }));
  const lengths = flaws.map(({ steps }) => steps.length);
  deepStrictEqual(new Set(flaws.map(({ law }) => law)), new Set(['silence', 'wiring']));
  deepStrictEqual(
    lengths,
    lengths.toSorted((one, other) => one - other),
  );
});
