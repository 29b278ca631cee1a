import type { Node } from 'oxc-parser';
import type { Part } from '../model/layout.ts';
import type { ParsedFile } from '../source/parsed-file.ts';

/** A way from outside to a service, and what stands on it. */
export interface Entrance {
  readonly part: Part;
  readonly file: ParsedFile;
  readonly line: number;
  readonly method: string;
  readonly path: string;
  readonly hasAuthentication: boolean;
  readonly hasRateLimit: boolean;
  /** Who may enter, where a table of routes says it: `public`, `user`, `admin`. */
  readonly access: string | undefined;
  /** Whether its entry of a table names a limit of its own. */
  readonly hasOwnLimit?: boolean;
  /** What a request passes before, as far as it is told one by one. */
  readonly steps?: readonly Node[];
  /** Whether the gateway answers it with its own code. */
  readonly isLocal?: boolean;
  /** Whether it hands requests on by a library for that. */
  readonly isProxy?: boolean;
  /** Whether all options by which it does so can be read. */
  readonly isWhole?: boolean;
  /** Whether it is taken out of the limit that stands before all. */
  readonly isUnlimited?: boolean;
}
