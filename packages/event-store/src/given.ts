import { deepStrictEqual, throws } from 'node:assert/strict';
import type { Decider } from './decider.ts';

/** `given(decider, …past).when(command).then(…events)`: how the rules of an aggregate are written down. */
export function given<C, E, S>({ initial, decide, evolve }: Decider<C, E, S>, ...past: E[]) {
  const state = past.reduce(evolve, initial);
  return {
    when: (command: C) => ({
      // biome-ignore lint/suspicious/noThenProperty: given, when and then are the words of the trade, nobody awaits.
      then: (...expected: E[]) => deepStrictEqual(decide(command, state), expected),
      refused: (code: string) => throws(() => decide(command, state), { code }),
    }),
  };
}
