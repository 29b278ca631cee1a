/** Milliseconds that never run backwards, for measuring how long things take. */
export type MonotonicNow = () => number;

/** A number in [0, 1). */
export type Random = () => number;

/** The time and the chance of the machine; tests and simulations hand in their own. */
export const machine: { readonly now: MonotonicNow; readonly random: Random } = {
  now: () => performance.now(),
  random: () => Math.random(),
};
