import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { circlesOf } from './circles.ts';

const edges = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0]!, to: pair[1]! }));
const told = (pairs: string[]) => circlesOf(edges(...pairs)).map((circle) => circle.map(({ from }) => from).join(''));

test('a circle is told once, and who only leads into it is no part of it', () => {
  deepStrictEqual(told(['ab', 'bc', 'ca', 'xa', 'ab']), ['abc']);
  deepStrictEqual(told(['ab', 'bc', 'ac']), []);
});

test('each edge in a circle is told of by the shortest one through it', () => {
  deepStrictEqual(told(['ab', 'ba', 'bc', 'cb']), ['ab', 'bc']);
});

test('services that all wait for each other are judged as fast as others', () => {
  const names = [...'abcdefghijklmnopqrstuvwxyz'];
  const all = names.flatMap((from) => names.filter((to) => to !== from).map((to) => `${from}${to}`));
  deepStrictEqual(told(all).length, (26 * 25) / 2);
});
