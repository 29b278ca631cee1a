import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { parseCacheControl, parseTargeted } from './directives.ts';

const read = (text: string) => Object.fromEntries(parseCacheControl(text));

test('what is no directive is passed over, with its quotes', () => {
  deepStrictEqual(read('a, max-age=1, b="c, d", e'), { a: true, 'max-age': '1', b: 'c, d', e: true });
  deepStrictEqual(read('? "a, b" x, max-age=1'), { 'max-age': '1' });
  deepStrictEqual(read('a"b"c, max-age=1'), { 'max-age': '1' });
  deepStrictEqual(read('max-age = 1, max-age=2'), { 'max-age': '2' });
});

test('a quote that is never closed hides nothing', () => {
  deepStrictEqual(read('max-age=1, a="b, no-store'), { 'max-age': '1', 'no-store': true });
  deepStrictEqual(read('a="\\", b="c, no-store'), { 'no-store': true });
});

test('names of a targeted field come in any case', () => {
  deepStrictEqual(
    [...(parseTargeted('MAX-AGE=5, Public;a=b,x=?1') ?? [])],
    [
      ['max-age', '5'],
      ['public', true],
      ['x', true],
    ],
  );
  deepStrictEqual(parseTargeted('max-age="5"'), undefined);
});

const SIZE = 15_000;

for (const [what, text] of Object.entries({
  'a name before a quote': `${'a'.repeat(SIZE)}"`,
  'quotes that are escaped': `"${'\\"'.repeat(SIZE / 2)}`,
  'an odd number of quotes': '"'.repeat(SIZE + 1),
  'quotes and commas': ',"'.repeat(SIZE / 2),
  'values that are not closed': 'a="\\",'.repeat(SIZE / 6),
  'names with escaped quotes': 'a="\\"\\"b,'.repeat(SIZE / 9),
  'capitals before a quote': `${'A'.repeat(SIZE)}"`,
  'blanks before something else': `a${' '.repeat(SIZE)}b`,
})) {
  test(`the longest head is read in no time, whatever it holds: ${what}`, () => {
    const before = process.cpuUsage();
    parseCacheControl(text);
    parseTargeted(text);
    const { user } = process.cpuUsage(before);
    ok(user < 100_000, `${user / 1_000} ms`);
  });
}
