import { deepStrictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { sum, times } from './money.ts';

const dollars = (amount: number) => ({ amount, currency: 'USD' });

test('a price is multiplied by a quantity', () => {
  deepStrictEqual(times(dollars(1299), 3), dollars(3897));
});

test('parts in one currency are summed, and nothing at all is nothing', () => {
  deepStrictEqual(sum('USD', [dollars(1), dollars(2)]), dollars(3));
  deepStrictEqual(sum('USD', []), dollars(0));
});

test('parts in another currency are refused', () => {
  throws(() => sum('USD', [dollars(1), { amount: 1, currency: 'EUR' }]), {
    code: 'currency_mismatch',
    fault: 'invalid',
  });
});
