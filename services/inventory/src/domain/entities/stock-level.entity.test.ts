import { deepStrictEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StockLevel } from './stock-level.entity.ts';

const aLevel = (onHand: number, reserved = 0) => StockLevel.restore({ productId: 'cup', onHand, reserved, version: 1 });

test('a new product has nothing on hand', () => {
  deepStrictEqual(StockLevel.empty('cup').state, { productId: 'cup', onHand: 0, reserved: 0, version: 0 });
});

test('what is reserved is on hand, and not available', () => {
  const level = aLevel(5);
  level.reserve(3);
  deepStrictEqual([level.state.onHand, level.state.reserved, level.available], [5, 3, 2]);
});

test('more than is available cannot be reserved', () => {
  throws(() => aLevel(5, 3).reserve(3), { code: 'negative_stock' });
});

test('what is committed is neither on hand nor reserved any more', () => {
  const level = aLevel(5, 3);
  level.commit(2);
  deepStrictEqual([level.state.onHand, level.state.reserved, level.available], [3, 1, 2]);
});

test('whatever is adjusted, reserved, released and committed: 0 ≤ reserved ≤ on hand', () => {
  const moves = fc.array(
    fc.tuple(fc.constantFrom('adjust', 'reserve', 'release', 'commit'), fc.integer({ min: -9, max: 9 })),
  );
  fc.assert(
    fc.property(moves, (list) => {
      const level = StockLevel.empty('cup');
      const reservations: number[] = [];
      for (const [move, number] of list) {
        if (move === 'adjust') attempt(() => level.adjust(number));
        if (move === 'reserve' && attempt(() => level.reserve(Math.abs(number)))) reservations.push(Math.abs(number));
        const open = move === 'release' || move === 'commit' ? reservations.shift() : undefined;
        if (open !== undefined) level[move as 'release' | 'commit'](open);
        const { onHand, reserved } = level.state;
        ok(reserved >= 0 && reserved <= onHand, `${reserved} of ${onHand}`);
      }
    }),
  );
});

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
