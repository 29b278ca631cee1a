import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { on } from '@ashlar/messaging';
import {
  BookFlight,
  CancelFlight,
  HotelRefused,
  IssueTicket,
  MoneyHeld,
  MoneyTaken,
  TripCancelled,
  TripPlanned,
  trip,
} from '../trip.fixtures.ts';
import { reactionsOf } from './subscriptions.ts';

type OfTrip = { readonly tripId: string };

class BookFlightUseCase {
  execute({ tripId }: OfTrip): Promise<void> {
    return Promise.reject(new Error(`${tripId} is really booked`));
  }
}

class ExpectTripUseCase extends BookFlightUseCase {
  turn(of: OfTrip): Promise<void> {
    return this.execute(of);
  }
}

/** As a composition root makes it: use cases, and two adapters on them. */
function airline() {
  const application = {
    bookFlight: new BookFlightUseCase(),
    cancelFlight: new BookFlightUseCase(),
    issueTicket: { execute: (_: OfTrip): Promise<void> => Promise.reject(new Error('A ticket is really issued.')) },
    expectTrip: new ExpectTripUseCase(),
  };
  const { bookFlight, cancelFlight, issueTicket, expectTrip } = application;
  const commands = [
    on(BookFlight, ({ data }) => bookFlight.execute(data)),
    on(CancelFlight, ({ data }) => cancelFlight.execute(data)),
    on(IssueTicket, ({ data }) => issueTicket.execute(data)),
  ];
  const policy = [
    on(TripPlanned, ({ data }) => expectTrip.execute(data)),
    on(MoneyHeld, ({ data }) => expectTrip.turn(data), { when: () => false }),
    on(HotelRefused, ({ data }) => cancelFlight.execute(data)),
    on(MoneyTaken, ({ data }) => issueTicket.execute(data)),
    on(TripCancelled, async ({ data }) => {
      await cancelFlight.execute(data);
    }),
  ];
  return { application, consumers: [{ subscriptions: commands }, { subscriptions: policy }] };
}

const undo = (type: string) => ({
  participant: 'flight',
  step: 'book flight',
  action: 'undo' as const,
  upon: [type],
});

test('who acts upon what is read out of the subscriptions, without doing any of it', async () => {
  deepStrictEqual(await reactionsOf({ orchestration: trip, participants: { flight: airline() } }), [
    undo('hotel.HotelRefused.v1'),
    { participant: 'flight', step: 'issue ticket', action: 'do', upon: ['bank.MoneyTaken.v1'] },
    undo('trip.TripCancelled.v1'),
  ]);
});

test('a step that takes several messages is done upon all of them', async () => {
  const together = { 'flight.expectTrip.execute': 'book flight', 'flight.expectTrip.turn': 'book flight' };
  const [first] = await reactionsOf({ orchestration: trip, participants: { flight: airline() }, together });
  const upon = ['trip.TripPlanned.v1', 'bank.MoneyHeld.v1'];
  deepStrictEqual(first, { participant: 'flight', step: 'book flight', action: 'do', upon });
});
