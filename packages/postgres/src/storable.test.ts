import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { unfitName, unstorable } from './storable.ts';

test('names that the database would take for one another, or could not keep, are no names', () => {
  for (const name of ['a', 'e\u0301', 'a%b', '😀', 'a'.repeat(1_000)]) strictEqual(unfitName(name), undefined, name);
  strictEqual(unfitName(''), 'is empty');
  for (const name of ['a\ud800', '\udc00a', 'a\0']) strictEqual(unfitName(name), 'has characters that no text has');
  for (const name of ['a'.repeat(1_001), 'ü'.repeat(501)]) strictEqual(unfitName(name), 'has more than 1000 bytes');
});

test('what comes back as it was is storable', () => {
  const big = [2 ** 53 + 2, 1e308, 5e-324, -1, 1e-7];
  const names = JSON.parse('{"__proto__":{"constructor":1},"toString":"x","":0}') as unknown;
  for (const data of [
    null,
    undefined,
    'text',
    1,
    true,
    big,
    names,
    { at: new Date(0), gone: undefined },
    ['😀\n"\\'],
  ]) {
    strictEqual(unstorable(data), undefined);
  }
});

test('what would come back as something else is not, and the place is told', () => {
  const never = Promise.resolve();
  for (const [value, why] of [
    [Number.NaN, 'is NaN, which no number of JSON is'],
    [Number.NEGATIVE_INFINITY, 'is -Infinity, which no number of JSON is'],
    [10n, 'is a bigint'],
    [() => 1, 'is a function'],
    [new Map([[1, 2]]), 'is a Map'],
    [new Set([1]), 'is a Set'],
    [never, 'is a Promise'],
    [new Date(Number.NaN), 'is no date'],
    ['a\ud800', 'has characters that no text has'],
    ['\0', 'has characters that no text has'],
  ] as const) {
    strictEqual(unstorable({ list: [1, { value }] }), `/list/1/value ${why}`);
    strictEqual(unstorable(value), `/ ${why}`);
  }
  strictEqual(unstorable({ 'a\0': 1 }), '/a\0 has characters that no text has');
  strictEqual(unstorable([1, undefined]), '/1 is undefined');
  // biome-ignore lint/suspicious/noSparseArray: the hole is what is looked at.
  strictEqual(unstorable({ a: [1, , 2] }), '/a/1 is undefined');
  strictEqual(unstorable({ toJSON: () => Number.NaN }), '/ is NaN, which no number of JSON is');
});

test('data that are nested too deep, or contain themselves, are told instead of overflowing', () => {
  const nested = (depth: number) => Array.from({ length: depth }).reduce<unknown>((inner) => ({ inner }), 1);
  strictEqual(unstorable(nested(400)), undefined);
  const loop: { self?: unknown } = {};
  loop.self = loop;
  for (const data of [nested(10_000), loop]) ok(unstorable(data)?.endsWith('is nested too deep'));
});
