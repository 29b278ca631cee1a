import { LiveError } from './live/running-system.ts';
import { ArchitectureFileError } from './model/architecture-file.ts';
import { RepositoryError } from './model/system.ts';
import { BaselineError } from './report/baseline.ts';
import { TracesError } from './traces/read-traces.ts';

/** Whether an error is about what was handed in; its message says what to do, one fault a line. */
export const isUsersFault = (error: unknown): error is Error =>
  [ArchitectureFileError, BaselineError, LiveError, RepositoryError, TracesError].some((kind) => error instanceof kind);
