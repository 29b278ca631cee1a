import { deepStrictEqual, notDeepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Faults, NO_FAULTS } from './faults.ts';
import { Randomness } from './randomness.ts';
import { World } from './world.ts';

const numbers = (seed: number) => {
  const random = new Randomness(seed);
  return Array.from({ length: 1_000 }, () => random.next());
};

test('chance comes again for the same seed, and is fair', () => {
  deepStrictEqual(numbers(1), numbers(1));
  notDeepStrictEqual(numbers(1), numbers(2));
  const mean = numbers(3).reduce((sum, number) => sum + number, 0) / 1_000;
  ok(mean > 0.45 && mean < 0.55);
  const random = new Randomness(4);
  deepStrictEqual([...new Set(Array.from({ length: 200 }, () => random.below(3)))].sort(), [0, 1, 2]);
});

test('whatever is planned happens in the order of its time, and of two at one time the first planned', async () => {
  const world = new World({ seed: 1 });
  const random = new Randomness(9);
  const planned = Array.from({ length: 500 }, (_, order) => ({ order, at: random.below(50) }));
  const happened: { order: number; at: number }[] = [];
  for (const one of planned) world.after(one.at, () => happened.push(one));
  await world.run(() => happened.length === planned.length, 1_000);
  deepStrictEqual(
    happened,
    planned.toSorted((a, b) => a.at - b.at || a.order - b.order),
  );
});

test('what was called off does not happen, and the world ends where nothing is left or its time is over', async () => {
  const world = new World({ seed: 1 });
  const happened: string[] = [];
  const stop = world.after(10, () => happened.push('called off'));
  world.after(20, () => happened.push('in time'));
  world.after(500, () => happened.push('too late'));
  stop();
  strictEqual(await world.run(() => false, 100), false);
  deepStrictEqual(happened, ['in time']);
  strictEqual(await world.run(() => false, 1_000), false);
});

test('a failure that nobody expects ends the run', async () => {
  const world = new World({ seed: 1 });
  world.after(1, () => world.fail(new Error('unexpected')));
  await rejects(
    world.run(() => false, 100),
    /unexpected/,
  );
});

test('ids are unique, and rise with time', async () => {
  const world = new World({ seed: 1 });
  const ids = Array.from({ length: 3 }, () => world.nextId());
  await world.run(() => false, 100);
  world.after(60_000, () => ids.push(world.nextId()));
  await world.run(() => ids.length === 4, 100_000);
  deepStrictEqual(ids.toSorted(), ids);
  strictEqual(new Set(ids).size, 4);
});

test('whether a chance strikes depends on the seed and its number alone', () => {
  const rates = { ...NO_FAULTS, crash: 0.3, drop: 0.3 };
  const struck = (faults: Faults) => Array.from({ length: 100 }, () => faults.strikes('crash'));
  const all = new Faults(1, rates);
  deepStrictEqual(struck(all), struck(new Faults(1, rates)));
  notDeepStrictEqual(struck(new Faults(2, rates)), struck(new Faults(1, rates)));
  const chosen = all.struck.slice(0, 3);
  const some = new Faults(1, rates, new Set([...chosen, 10_000]));
  struck(some);
  deepStrictEqual([some.struck, some.counts.crash, some.counts.drop], [chosen, 3, 0]);
  const over = new Faults(1, rates);
  over.end();
  ok(!struck(over).includes(true));
});
