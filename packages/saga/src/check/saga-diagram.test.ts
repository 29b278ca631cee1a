import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { defineSaga } from '../definition.ts';
import { localTrip, type Trip, tripByEvents } from '../trip.fixtures.ts';
import { sagaDiagram } from './saga-diagram.ts';

test('an orchestration is drawn as the way on which all is done, and where others turn off', () => {
  strictEqual(
    sagaDiagram(localTrip),
    `sequenceDiagram
  participant saga as trip
  participant bank
  Note over saga: begins
  Note over saga: count seat
  break count seat refused
    Note over saga: ended (as its refusal says)
  end
  saga-)bank: HoldMoney
  break hold money refused
    bank-)saga: MoneyRefused
    Note over saga: undo count seat
    Note over saga: ended (no_money)
  end
  break no answer in time, or cancelled
    saga-)bank: FreeMoney
    bank-)saga: MoneyFreed
    Note over saga: undo count seat
    Note over saga: ended (timed_out, or cancelled)
  end
  bank-)saga: MoneyHeld
  Note over saga,bank: the point of no return: from here only a refusal of this step leads back
  saga-)bank: TakeMoney
  break take money refused
    bank-)saga: TakingFailed
    saga-)bank: FreeMoney
    bank-)saga: MoneyFreed
    Note over saga: undo count seat
    Note over saga: ended (not_paid)
  end
  bank-)saga: MoneyTaken
  Note over saga,bank: what follows is asked for until it is done
  Note over saga: note trip
  Note over saga: completed
`,
  );
});

test('a choreography is drawn with all who act upon a message', () => {
  const compensatable = tripByEvents.compensatable.slice(0, 2);
  const short = defineSaga<Trip>({ ...tripByEvents, compensatable, retriable: [] });
  strictEqual(
    sagaDiagram(short),
    `sequenceDiagram
  participant saga as trip
  participant bank
  participant flight
  Note over saga: begins
  saga-)bank: begun
  break hold money refused
    bank-)saga: MoneyRefused
    Note over saga: ended (no_money)
  end
  bank-)saga: MoneyHeld
  bank-)flight: MoneyHeld
  break book flight refused
    flight-)saga: FlightRefused
    flight-)bank: FlightRefused
    bank-)saga: MoneyFreed
    Note over saga: ended (no_flight)
  end
  flight-)saga: FlightBooked
  break somebody silent until here, or cancelled
    saga-)bank: TripTimedOut or TripCancelled
    saga-)flight: TripTimedOut or TripCancelled
    bank-)saga: MoneyFreed
    flight-)saga: FlightCancelled
    Note over saga: ended (timed_out, or cancelled)
  end
  Note over saga,flight: the point of no return: from here only a refusal of this step leads back
  saga-)bank: TakingRequested
  break take money refused
    bank-)saga: TakingFailed
    bank-)flight: TakingFailed
    bank-)saga: MoneyFreed
    flight-)saga: FlightCancelled
    Note over saga: ended (not_paid)
  end
  bank-)saga: MoneyTaken
  Note over saga: completed
`,
  );
});

test('a choreography is drawn as its table says', () => {
  const upon = ['trip.TripPlanned.v1'];
  const reactions = [{ participant: 'bank', action: 'do', step: 'hold money', upon } as const];
  ok(sagaDiagram(tripByEvents, { reactions }).includes('saga-)bank: TripPlanned\n'));
});

test('no name of a saga or of a participant breaks the diagram', () => {
  const upon = ['a;b'];
  const reactions = [{ participant: 'the-bank', action: 'do', step: 'hold money', upon } as const];
  const drawn = sagaDiagram({ ...tripByEvents, name: 'trip; #1' }, { reactions });
  ok(drawn.includes('participant saga as trip, ,1\n'));
  ok(drawn.includes('participant the_bank as the-bank\n'));
  ok(drawn.includes('saga-)the_bank: a,b\n'));
});
