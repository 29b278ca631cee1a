import type { UnitOfWork } from './database.ts';

export interface LineOptions {
  /** In which order of locks; `RANK.others` by default. */
  readonly rank?: number;
  /** Whether this write finds that someone else was faster. */
  readonly loses?: boolean;
}

/** A unit of work with something to write to, and the only one who writes there. */
export interface UnitOfWorkStage {
  readonly work: UnitOfWork;
  /** Writes a line at the end of the ambient transaction. */
  write(line: string, options?: LineOptions): void;
  /** What is committed, in the order in which it was written; asked inside a transaction it takes part in it. */
  lines(): Promise<string[]>;
  /** The errors of those who failed once it was committed. */
  readonly errors: readonly unknown[];
}
