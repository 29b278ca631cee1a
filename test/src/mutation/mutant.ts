/** One way to break the kit: in this compiled file, this text becomes another. */
export interface Mutant {
  /** What goes wrong, as the rest of "it is noticed when …". */
  readonly what: string;
  /** The promise that is broken by it. */
  readonly breaks: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** Who notices at the least expense. */
  readonly by: Detector;
}

/** A simulation, by name; or compiled tests, and after a colon which of them, as a regular expression. */
export type Detector =
  | 'mail-room'
  | 'orchestration'
  | 'choreography'
  | `${string}.test.js`
  | `${string}.test.js:${string}`;

type Row = readonly [what: string, breaks: string, find: string, put: string, by: Detector];

/** Several mutants of one file. */
export const mutantsOf = (file: string, rows: readonly Row[]): readonly Mutant[] =>
  rows.map(([what, breaks, find, put, by]) => ({ what, breaks, file, find, put, by }));
