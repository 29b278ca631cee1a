import { deepStrictEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { isUniqueViolation } from '@ashlar/postgres';
import { statesContract, type Tally } from '@ashlar/postgres/contract-suites';
import { aSimulatedPlatform, type StandalonePlatform } from '../standalone-platform.ts';
import { check, references, unique } from './memory-constraints.ts';
import { MemoryStates } from './memory-states.ts';

const revive = (state: Tally): Tally => ({ ...state, ...(state.at && { at: new Date(state.at) }) });

const talliesOf = ({ work, stored }: StandalonePlatform) =>
  new MemoryStates<Tally>(work, stored.table<Tally>('tallies'), { name: 'The tally', revive });

statesContract('memory', {
  makeStage: async (t) => {
    const platform = aSimulatedPlatform(t);
    return { work: platform.work, states: talliesOf(platform), elsewhere: talliesOf(platform.another()) };
  },
});

interface Seat {
  readonly guest: string | null;
  readonly table: string;
}

test('a table keeps its own rules: what is unique, what a row may be, and what it belongs to', async (t) => {
  const { work, stored } = aSimulatedPlatform(t);
  const tables = new MemoryStates(work, stored.table<object>('tables'), { name: 'The table' });
  await tables.save({ id: 'window', version: 0, state: {} });
  const seats = new MemoryStates(work, stored.table<Seat>('seats'), {
    name: 'The seat',
    constraints: [
      unique<Seat>('seats_guest', ({ state }) => state.guest),
      check<Seat>('seats_guest_named', ({ guest }) => guest !== ''),
      references<Seat>('seats_table', { table: stored.table('tables'), of: (seat) => seat.table }),
    ],
  });
  const sit = (id: string, guest: string | null, table = 'window') =>
    seats.save({ id, version: 0, state: { guest, table } });
  await sit('1', 'ada');
  await rejects(sit('2', 'ada'), (error) => isUniqueViolation(error, 'seats_guest'));
  await rejects(sit('2', ''), { code: '23514' });
  await rejects(sit('2', 'bob', 'terrace'), { code: '23503' });
  const twins = work.transaction(() => Promise.all([sit('2', 'bob'), sit('3', 'bob')]));
  await rejects(twins, (error) => isUniqueViolation(error));
  await sit('2', null);
  await sit('3', null);
  deepStrictEqual([...stored.table('seats').keys()], ['1', '2', '3']);
});
