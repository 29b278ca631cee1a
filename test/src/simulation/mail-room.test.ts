import { deepStrictEqual, notStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '@ashlar/simulation';
import { SIMULATIONS, type SimulationName } from './seeds.ts';
import { seedsHold } from './seeds-hold.ts';

test('promises 1 to 4: every letter is read once and in order by everybody, whatever goes wrong, for 100 seeds', (t) =>
  seedsHold(t, 'mail-room', { count: 100 }));

for (const name of Object.keys(SIMULATIONS) as SimulationName[]) {
  test(`the same seed is the same run, to the byte of its trace: ${name}`, async () => {
    const runs = [];
    for (const _ of [1, 2]) runs.push(await simulate(SIMULATIONS[name], { seed: 4_711, isTraced: true }));
    const [one, other] = runs;
    deepStrictEqual(one!.trace, other!.trace);
    strictEqual(one!.traceHash, other!.traceHash);
    notStrictEqual((await simulate(SIMULATIONS[name], { seed: 4_712 })).traceHash, one!.traceHash);
  });
}
