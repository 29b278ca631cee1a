import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Universe, universes, type World } from './world.fixtures.ts';

const CALM = { timeout: 0, cancel: 0, retry: 0, again: 0, lost: 0 };

/**
 * Walks every reachable world once; answers how many there are, and how the sagas ended. Where no message is lost, an
 * end is reached without a time-out to help it.
 */
function walk(universe: Universe, budget: World['budget']): { worlds: number; endings: string[] } {
  const seen = new Set<string>();
  const endings = new Set<string>();
  const open = [universe.start(budget)];
  for (let world = open.pop(); world; world = open.pop()) {
    const key = JSON.stringify(world);
    if (seen.has(key)) continue;
    seen.add(key);
    const moves = universe.moves(world);
    open.push(...moves.map((move) => universe.after(world, move)));
    if (moves.length > 0) continue;
    ok(budget.lost > 0 || world.saga.direction === 'ended', `waits for a time-out: ${key}`);
    const end = universe.settle(world);
    deepStrictEqual(universe.crimesOf(end), [], key);
    endings.add(end.saga.reason ?? 'completed');
  }
  return { worlds: seen.size, endings: [...endings].sort() };
}

const WALKS = [
  { style: 'orchestration', title: 'replies and refusals', budget: CALM },
  { style: 'orchestration', title: 'two time-outs, with either late reply', budget: { ...CALM, timeout: 2 } },
  {
    style: 'orchestration',
    title: 'a duplicate, a cancellation and a time-out',
    budget: { ...CALM, again: 1, cancel: 1, timeout: 1 },
  },
  {
    style: 'orchestration',
    title: 'a message that an operator has discarded, and two time-outs',
    budget: { ...CALM, lost: 1, timeout: 2 },
  },
  { style: 'choreography', title: 'replies and refusals', budget: CALM },
  { style: 'choreography', title: 'a time-out, with either late reply', budget: { ...CALM, timeout: 1 } },
  { style: 'choreography', title: 'a cancellation', budget: { ...CALM, cancel: 1 } },
  { style: 'choreography', title: 'a duplicate', budget: { ...CALM, again: 1 } },
  { style: 'choreography', title: 'a message that an operator has discarded', budget: { ...CALM, lost: 1 } },
] as const;

for (const { style, title, budget } of WALKS) {
  test(`promise 5: every ${style} ends with all done or all undone, through every interleaving of ${title}`, () => {
    const { worlds, endings } = walk(universes[style], budget);
    ok(endings.includes('completed') && endings.includes('not_paid'), endings.join());
    ok(worlds > 30, `${worlds} worlds`);
  });
}

for (const style of ['orchestration', 'choreography'] as const) {
  test(`promise 5: every ${style} ends with all done or all undone, however often anything goes wrong`, () => {
    const universe = universes[style];
    const picks = fc.array(fc.nat(), { maxLength: 150, size: 'max' });
    const budget = fc.record({
      timeout: fc.nat(12),
      cancel: fc.nat(2),
      retry: fc.nat(2),
      again: fc.nat(8),
      lost: fc.nat(4),
    });
    fc.assert(
      fc.property(picks, budget, (numbers, mishaps) => {
        let world = universe.start(mishaps);
        for (const number of numbers) {
          const moves = universe.moves(world);
          if (moves.length > 0) world = universe.after(world, moves[number % moves.length]!);
        }
        deepStrictEqual(universe.crimesOf(universe.settle(world)), []);
      }),
      { numRuns: 2_000 },
    );
  });
}
