/** What is kept of a key: a value with its version, or that there is none, which is version 0. */
export interface Copy<Value> {
  /** Grows with each change of the value; at least 1 where there is one. */
  readonly version: number;
  readonly value: Value | undefined;
}

/** When a tier was asked, as it sees it: what was read elsewhere since then is kept in the name of that moment. */
export interface Moment {
  /** Until it lost its memory, or had to doubt it. */
  readonly epoch: number;
  /** On the clock of the tier. */
  readonly ms: number;
}

export interface Found<Value> {
  readonly copy: Copy<Value> | undefined;
  readonly since: Moment;
}

export interface Keeping {
  /** When the tier was asked for it. */
  readonly since: Moment;
  /** For how long, in milliseconds. */
  readonly ttlMs: number;
}

/** Where copies are kept: the memory of a process, or something slower that processes share, such as Redis. */
export interface CacheTier<Value> {
  find(key: string): Promise<Found<Value>>;
  /** False where a newer version is known to exist: such a copy is not kept, and had better not be told. */
  keep(key: string, copy: Copy<Value>, keeping: Keeping): Promise<boolean>;
  /** There is this version by now: nothing older is told or kept from here on, whoever still brings it. */
  forget(key: string, version: number): Promise<void>;
}

/** That a version exists is remembered for so long, in milliseconds; what was asked for before that is not kept. */
export const FORGOTTEN_MS = 60_000;

/** So many keys of which there is nothing are remembered at most, lest those who guess push out what there is. */
export const MAX_ABSENT = 1_000;
