import { deepStrictEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { defineSaga, type SagaDefinition, send } from '../definition.ts';
import { SagaRuntime } from '../saga-runtime.ts';
import {
  localTrip,
  SendVoucher,
  TakingRequested,
  type Trip,
  trip,
  tripByEvents,
  VoucherSent,
} from '../trip.fixtures.ts';
import { checkSaga } from './check-saga.ts';
import type { Reaction } from './reactions.ts';

const REFUSALS = ['hotel_silent', 'no_flight', 'no_hotel', 'no_money', 'not_paid', 'timed_out'];
const { pivot: _, ...withoutPivot } = trip;
const { retriable: __, ...withoutRetriable } = trip;

interface Row {
  readonly title: string;
  readonly definition: SagaDefinition<Trip>;
  readonly endings: readonly string[];
  /** So many states there are at least. */
  readonly states: number;
}

const ROWS: readonly Row[] = [
  { title: 'an orchestration', definition: trip, endings: ['cancelled', 'completed', ...REFUSALS], states: 1_500 },
  {
    title: 'a choreography',
    definition: tripByEvents,
    endings: ['cancelled', 'completed', ...REFUSALS],
    states: 120_000,
  },
  {
    title: 'an orchestration with local steps',
    definition: localTrip,
    endings: ['cancelled', 'completed', 'no_money', 'not_paid', 'refused', 'timed_out'],
    states: 180,
  },
  {
    title: 'a saga of local steps only',
    definition: defineSaga<Trip>({
      name: 'trip',
      version: 1,
      compensatable: ['count seat', 'count bed'].map((name) => ({ name, local: true })),
      pivot: { name: 'decide', local: true },
      retriable: [{ name: 'note trip', local: true }],
    }),
    endings: ['completed', 'refused'],
    states: 5,
  },
  {
    title: 'a saga without a pivot',
    definition: defineSaga<Trip>(withoutPivot),
    endings: ['cancelled', 'completed', ...REFUSALS.filter((reason) => reason !== 'not_paid')],
    states: 1_200,
  },
  {
    title: 'a saga that ends with its pivot',
    definition: defineSaga<Trip>(withoutRetriable),
    endings: ['cancelled', 'completed', ...REFUSALS],
    states: 1_300,
  },
  {
    title: 'a saga without anything that could be undone',
    definition: defineSaga<Trip>({ ...trip, compensatable: [] }),
    endings: ['completed', 'not_paid'],
    states: 100,
  },
  {
    title: 'a choreography that asks its last participant by a command',
    definition: defineSaga<Trip>({
      ...tripByEvents,
      compensatable: tripByEvents.compensatable.slice(0, 1),
      retriable: [{ name: 'send voucher', do: send(SendVoucher, ({ id }) => ({ tripId: id })), done: VoucherSent }],
    }),
    endings: ['cancelled', 'completed', 'no_money', 'not_paid', 'timed_out'],
    states: 200,
  },
];

for (const { title, definition, endings, states } of ROWS) {
  test(`promise 5: ${title} ends with all done or all undone on every way through it`, (t) => {
    const result = checkSaga(definition);
    deepStrictEqual(result.flaws, []);
    deepStrictEqual(result.endings, [...endings].sort());
    ok(result.states >= states, `${result.states} states`);
    t.diagnostic(`${result.states} states, ${result.moves} moves`);
  });
}

/** `bank: do hold money`, upon messages of these words. */
function reaction(what: string, ...upon: readonly string[]): Reaction {
  const [, participant, action, step] = /^(\w+): (do|undo) (.+)$/.exec(what)!;
  return { participant: participant!, action: action as 'do', step: step!, upon: upon.map((word) => `${word}.v1`) };
}

const undoings = (what: string, ...upon: readonly string[]): Reaction[] =>
  ['trip.TripTimedOut', 'trip.TripCancelled', ...upon].map((word) => reaction(what, word));

const TABLE: readonly Reaction[] = [
  reaction('bank: do hold money', 'trip.TripPlanned'),
  ...undoings('bank: undo hold money', 'flight.FlightRefused'),
  // The flight has to know the trip as well, and may hear of it late.
  reaction('flight: do book flight', 'trip.TripPlanned', 'bank.MoneyHeld'),
  ...undoings('flight: undo book flight', 'bank.TakingFailed'),
  reaction('bank: do take money', 'trip.TakingRequested'),
];
const TIMED_OUT = 'trip.TripTimedOut.v1';
const SHORT = defineSaga<Trip>({
  ...tripByEvents,
  compensatable: tripByEvents.compensatable.slice(0, 2),
  retriable: [],
});

test('a choreography is checked against the table of who acts upon what', () => {
  deepStrictEqual(checkSaga(SHORT, { reactions: TABLE }).flaws, []);
});

test('a participant may undo as soon as another has, whatever it is that the saga has not heard of', () => {
  const reactions = [...TABLE, reaction('flight: undo book flight', 'bank.MoneyFreed')];
  deepStrictEqual(checkSaga(SHORT, { reactions }).flaws, []);
});

test('it is found that a participant does not hear of a refusal', () => {
  const reactions = TABLE.filter(({ upon }) => !upon.includes('bank.TakingFailed.v1'));
  const [flaw] = checkSaga(SHORT, { reactions }).flaws;
  deepStrictEqual([flaw?.law, flaw?.steps.at(-1)], ['silence', 'trip hears MoneyFreed from bank']);
});

test('it is found that somebody else does what is not his, or waits for what nobody says', () => {
  const stranger = TABLE.map((one) => (one.step === 'take money' ? { ...one, participant: 'flight' } : one));
  const [found] = checkSaga(SHORT, { reactions: stranger }).flaws;
  deepStrictEqual([found?.law, found?.flaw], ['wiring', '"take money" belongs to bank, but flight would do it.']);
  const upon = ['trip.TripPlanned.v1', 'bank.MoneyHeld.v1', 'bank.MoneyCounted.v1'];
  const waiting = TABLE.map((one) => (one.upon.length === 2 ? { ...one, upon } : one));
  const [lost] = checkSaga(SHORT, { reactions: waiting }).flaws;
  deepStrictEqual([lost?.law, lost?.steps.length], ['silence', 5], JSON.stringify(lost));
});

test('it is found that an undoing waits for a second message, which does not always come', () => {
  const hasty = TABLE.filter(
    ({ step, action, upon }) => step !== 'hold money' || action === 'do' || upon[0] !== TIMED_OUT,
  );
  const reactions = [...hasty, reaction('bank: undo hold money', 'trip.TripTimedOut', 'flight.FlightRefused')];
  const [flaw] = checkSaga(SHORT, { reactions }).flaws;
  deepStrictEqual([flaw?.law, flaw?.steps.length], ['way out', 2], JSON.stringify(flaw));
});

test('two ways to one step are two: half of the one and half of the other do not lead there', () => {
  const doing = TABLE.filter(({ step, action }) => step !== 'book flight' || action === 'undo');
  const reactions = [
    ...doing,
    reaction('flight: do book flight', 'trip.TripPlanned', 'flight.FlightPraised'),
    reaction('flight: do book flight', 'bank.MoneyCounted', 'bank.MoneyHeld'),
  ];
  const [flaw] = checkSaga(SHORT, { reactions }).flaws;
  deepStrictEqual(flaw?.law, 'silence', JSON.stringify(flaw));
});

test('schedule 5.5: it is found that money is taken before the saga has asked for it', () => {
  const upon = ['flight.FlightBooked.v1'];
  const reactions = TABLE.map((one) => (one.step === 'take money' ? { ...one, upon } : one));
  const { flaws } = checkSaga(SHORT, { reactions });
  ok(
    flaws.some(({ flaw }) => flaw === '"hold money" is undone, although "take money" is done.'),
    JSON.stringify(flaws),
  );
});

test('whoever only wants to know whether there is a flaw need not wait for all', () => {
  const reactions = TABLE.slice(1);
  const [all, first] = [checkSaga(SHORT, { reactions }), checkSaga(SHORT, { reactions, stopAtFirst: true })];
  ok(first.states < all.states, `${first.states} of ${all.states} states`);
  deepStrictEqual(first.flaws[0], all.flaws[0]);
});

test('messages made of real data keep their contracts, and handlers know how to undo', () => {
  const steps = { 'note trip': { do: async () => {} }, 'count seat': { do: async () => {}, undo: async () => {} } };
  deepStrictEqual(checkSaga(localTrip, { data: { id: 'trip-1' }, handlers: { steps } }).flaws, []);
  const [broken] = checkSaga(trip, { data: { id: 7 as unknown as string } }).flaws;
  deepStrictEqual(
    [broken?.law, broken?.flaw],
    ['wiring', 'bank.HoldMoney.v1 breaks its contract: /tripId must be string.'],
  );
  const half = { 'note trip': steps['note trip'], 'count seat': { do: async () => {} } };
  const [oneWay] = checkSaga(localTrip, { handlers: { steps: half } }).flaws;
  deepStrictEqual([oneWay?.law, oneWay?.flaw], ['wiring', 'The handler of "count seat" knows no undo.']);
  const [lost] = checkSaga(localTrip, { handlers: {} }).flaws;
  deepStrictEqual([lost?.flaw, lost?.steps.length], ['"count seat" is local and has no handler.', 1]);
});

test('a handler that is of no local step is refused by the check as by the runtime, in the same words', () => {
  const work = { do: async () => {}, undo: async () => {} };
  const versions = [trip, localTrip] as const;
  for (const stray of ['note tirp', 'book flight', 'take money']) {
    const steps = { 'count seat': work, 'note trip': work, [stray]: work };
    const message = `The saga trip cannot run: there is a handler of "${stray}", which is no local step of it.`;
    throws(() => new SagaRuntime({ definitions: [localTrip], handlers: { steps } } as never), { message });
    const [found] = checkSaga(localTrip, { handlers: { steps } }).flaws;
    deepStrictEqual([found?.law, found?.flaw, found?.steps.length], ['form', message, 1]);
    const [among] = checkSaga(trip, { handlers: { steps }, alongside: versions }).flaws;
    deepStrictEqual(among?.flaw, message);
  }
  const steps = { 'count seat': work, 'note trip': work };
  deepStrictEqual(checkSaga(trip, { handlers: { steps }, alongside: versions }).flaws, []);
});

test('a saga with too many states to walk them all is refused, not passed', () => {
  throws(() => checkSaga(trip, { mostStates: 100 }), /more than 100 states/);
});

test('a choreography whose pivot is local tells nobody when that refuses, which is found', () => {
  const compensatable = tripByEvents.compensatable.slice(0, 1);
  const retriable = [{ ...tripByEvents.retriable![0]!, do: send(TakingRequested, ({ id }: Trip) => ({ tripId: id })) }];
  const definition = { ...tripByEvents, compensatable, pivot: { name: 'decide', local: true }, retriable } as const;
  const [flaw] = checkSaga(definition as SagaDefinition<Trip>).flaws;
  deepStrictEqual([flaw?.law, flaw?.steps.length], ['silence', 3]);
});

test('what is no definition is refused in words, by the check as by its definition', () => {
  const lists = 'needs lists of compensatable and retriable steps, and one pivot at most';
  const rows: readonly (readonly [unknown, string])[] = [
    [undefined, 'A saga is told by an object, and not by nothing.'],
    [null, 'A saga is told by an object, and not by null.'],
    ['trip', 'A saga is told by an object, and not by "trip".'],
    [{}, 'A saga has no name.'],
    [{ version: 1 }, 'A saga has no name.'],
    [{ name: 'trip', version: 1 }, `The saga trip ${lists}.`],
    [{ name: 'trip', version: 1, compensatable: 'all' }, `The saga trip ${lists}.`],
    [{ name: 'trip', version: 1, compensatable: [null] }, 'The saga trip cannot work: null is no step.'],
    [{ name: 'trip', version: 1, compensatable: [], pivot: 3 }, 'The saga trip cannot work: 3 is no step.'],
    [
      { name: 'trip', version: 1, compensatable: [], retriable: [undefined] },
      'The saga trip cannot work: nothing is no step.',
    ],
    ...[{ done: 'MoneyHeld' }, { undone: {} }, { refused: null }].map((answer): readonly [unknown, string] => {
      const what = `"hold money" is answered by ${JSON.stringify(Object.values(answer)[0])}, which is no contract.`;
      const compensatable = [{ name: 'hold money', ...answer }];
      return [{ name: 'trip', version: 1, compensatable }, `The saga trip cannot work: ${what}`];
    }),
  ];
  for (const [definition, message] of rows) {
    throws(() => checkSaga(definition as SagaDefinition<Trip>), { message });
    throws(() => defineSaga(definition as SagaDefinition<Trip>), { message });
  }
});
