import type { History } from './history/change-coupling.ts';
import type { Grants } from './live/grants.ts';
import type { RunningSystem } from './live/running-system.ts';
import type { Thresholds } from './model/architecture-file.ts';
import type { System } from './model/system.ts';
import type { TraceFacts } from './traces/trace-facts.ts';

/** All that is known of a system: its repository, and what else was handed in. */
export interface Model {
  readonly system: System | undefined;
  readonly traces?: TraceFacts | undefined;
  readonly history?: History | undefined;
  readonly running?: RunningSystem | undefined;
  /** Who may enter whose database. */
  readonly grants?: Grants | undefined;
  /** From where on numbers are findings; the defaults where nothing is told. */
  readonly thresholds?: Thresholds;
}
