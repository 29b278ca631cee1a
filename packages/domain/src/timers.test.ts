import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { systemTimers } from './timers.ts';

test('work that is repeated never runs twice at a time', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const ends: (() => void)[] = [];
  const stop = systemTimers.every(
    10,
    () => new Promise((resolve) => void ends.push(resolve)),
    () => {},
  );
  t.mock.timers.tick(50);
  strictEqual(ends.length, 1);
  ends[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(10);
  strictEqual(ends.length, 2);
  stop();
});

test('a failure is told, and does not end the repetition', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const errors: unknown[] = [];
  const stop = systemTimers.every(
    10,
    () => Promise.reject('ill'),
    (error) => errors.push(error),
  );
  for (let round = 0; round < 2; round++) {
    t.mock.timers.tick(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop();
  t.mock.timers.tick(100);
  deepStrictEqual(errors, ['ill', 'ill']);
});

test('what is stopped does not run', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let runs = 0;
  const work = () => {
    runs += 1;
  };
  systemTimers.once(10, work)();
  systemTimers.once(10, work);
  t.mock.timers.tick(10);
  strictEqual(runs, 1);
});
