import { deepStrictEqual, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MoneyFreed, type Trip, trip, tripByEvents } from '../trip.fixtures.ts';
import { recordOf, strandings } from './versions.ts';

const recorded = [recordOf<Trip>(trip), recordOf<Trip>(tripByEvents)];
const [money, ...others] = trip.compensatable;

test('a record tells the steps of a version with their messages', () => {
  deepStrictEqual(recordOf<Trip>({ ...trip, compensatable: [], retriable: [{ name: 'note', local: true }] }), {
    name: 'trip',
    style: 'orchestration',
    version: 1,
    steps: [
      'take money: pivot, do bank.TakeMoney.v1, done bank.MoneyTaken.v1, refused bank.TakingFailed.v1',
      'note: retriable, local',
    ],
  });
});

test('sagas go on where their version is as it was, and others are new beside it', () => {
  const next = { ...trip, version: 2, compensatable: others };
  deepStrictEqual(strandings(recorded, [...recorded, recordOf<Trip>(next)]), []);
});

const CHANGES = {
  'a step is gone': { ...trip, compensatable: others },
  'a step is new': { ...trip, retriable: [...trip.retriable!, { name: 'note', local: true as const }] },
  'a step has another place': { ...trip, compensatable: [...others, money!] },
  'a step is told by another event': {
    ...trip,
    compensatable: [{ ...money!, done: MoneyFreed }, ...others],
  },
  'its number is another': { ...trip, version: 2 },
};

for (const [what, changed] of Object.entries(CHANGES)) {
  test(`sagas are stranded when ${what} in the version that they began with`, () => {
    const [found, ...more] = strandings(recorded, [recordOf<Trip>(changed), recordOf<Trip>(tripByEvents)]);
    match(found ?? '', /^Version 1 \(orchestration\) of the saga trip (?:is gone|has changed at)/);
    deepStrictEqual(more, []);
  });
}
