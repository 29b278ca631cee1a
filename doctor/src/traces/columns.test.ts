import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { rowsInOrder, words } from './columns.ts';

test('rows are in the order of a column, and of what compares them where that is equal', () => {
  const values = Array.from({ length: 20_000 }, (_, row) => Math.imul(row % 7_001, 0x9e37_79b1) >>> 0);
  const column = words();
  for (const [row, value] of values.entries()) column.set(row, value);
  const compare = (one: number, other: number): number => other - one;
  const expected = [...values.keys()].sort((one, other) => values[one]! - values[other]! || compare(one, other));
  const rows = rowsInOrder(values.length, column, compare);
  ok(rows.length === expected.length && rows.every((row, at) => row === expected[at]));
  ok(new Set(values).size < values.length, 'some are equal');
  ok(rowsInOrder(0, column, compare).length === 0);
});
