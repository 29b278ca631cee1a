import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { UuidV7Ids } from '@ashlar/domain';
import { after, isNumberedAgain, judge, type Mark } from './inbox.ts';

const mark: Mark = { sequence: 5, parked: false, lastId: 'five' };

test('a number below the mark leaves the mark where it is', () => {
  strictEqual(after(mark, { sequence: 3, id: 'three' }), mark);
});

test('a mark without an id takes that of what is given up under its number', () => {
  const atFloor = { sequence: 5, parked: true, lastId: null };
  deepStrictEqual(after(atFloor, { sequence: 5, id: 'five' }), { sequence: 5, parked: true, lastId: 'five' });
});

test('a mark that moves stays parked, and forgets who else has had the number before', () => {
  const parked = { ...mark, parked: true, otherIds: ['another'] };
  deepStrictEqual(after(parked, { sequence: 6, id: 'six' }), { sequence: 6, parked: true, lastId: 'six' });
});

test('schedule 1.7: all that have had the number of the mark are known, however many these are', () => {
  const known = ['again', 'once more'].reduce<Mark>((one, id) => after(one, { sequence: 5, id }), mark);
  const verdicts = ['five', 'again', 'once more', 'a stranger'].map((id) => judge(known, { sequence: 5, id }));
  deepStrictEqual(verdicts, ['handled', 'handled', 'handled', 'diverged']);
});

test('schedule 1.7: what has had the number of the mark, and was decided upon, is not numbered again', () => {
  const [early, late] = [1_000, 600_000].map((ms) => new UuidV7Ids().next(ms)) as [string, string];
  const decided = { sequence: 5, parked: false, lastId: early, otherIds: [late] };
  deepStrictEqual(
    [4, 5].map((sequence) => isNumberedAgain(decided, { sequence, id: late })),
    [true, false],
  );
});
