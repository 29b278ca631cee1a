import { ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retryBudget } from './retry-budget.ts';

function setUp(options: { ratio?: number; minPerSecond?: number } = {}) {
  const clock = { ms: 0 };
  return { clock, budget: retryBudget({ ...options, now: () => clock.ms }) };
}

const withdrawAll = (budget: { withdraw(): boolean }): number => {
  let taken = 0;
  while (budget.withdraw()) taken += 1;
  return taken;
};

test('five calls earn one retry', () => {
  const { budget } = setUp({ minPerSecond: 0 });
  for (let call = 0; call < 4; call += 1) budget.deposit();
  strictEqual(budget.withdraw(), false);
  budget.deposit();
  strictEqual(budget.withdraw(), true);
  strictEqual(budget.withdraw(), false);
});

test('a quiet client may retry three times a second', () => {
  const { budget, clock } = setUp();
  strictEqual(withdrawAll(budget), 3);
  clock.ms = 1000;
  strictEqual(withdrawAll(budget), 3);
});

test('hours of quiet earn no storm', () => {
  const { budget, clock } = setUp();
  clock.ms = 3_600_000;
  strictEqual(withdrawAll(budget), 30);
});

test('in any sequence, retries stay within a fifth of the calls and the reserve', () => {
  const steps = fc.array(fc.oneof(fc.constant('call'), fc.constant('retry'), fc.integer({ min: 1, max: 2000 })));
  fc.assert(
    fc.property(steps, (sequence) => {
      const { budget, clock } = setUp();
      let calls = 0;
      let retries = 0;
      for (const step of sequence) {
        if (typeof step === 'number') clock.ms += step;
        else if (step === 'retry') retries += budget.withdraw() ? 1 : 0;
        else {
          calls += 1;
          budget.deposit();
        }
      }
      ok(retries <= 0.2 * calls + 3 + (3 * clock.ms) / 1000 + 1e-6);
    }),
  );
});
