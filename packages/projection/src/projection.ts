import type { Contract } from '@ashlar/messaging';

/** A read model, as the host runs it. */
export interface Projection {
  readonly name: string;
  /** The commands that it sends to the services whose facts it replicates. */
  readonly asks?: readonly Contract[];
  /** Creates missing tables, and schedules a rebuild of an older version. Call it before anybody reads them. */
  prepare(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
  /** Schedules a rebuild beside the live tables, which it then replaces; resolves once that is recorded. */
  beginRebuild(): Promise<void>;
  status(): Promise<ProjectionStatus>;
}

/** How far a read model has got. */
export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  /** `failing`: it cannot proceed, and `error` says why; it keeps retrying. */
  readonly state: 'live' | 'rebuilding' | 'failing';
  readonly position: number;
  /** How many events, or messages, it lags behind. */
  readonly lag: number;
  /** The age of the oldest of those, in milliseconds. */
  readonly lagMs: number;
  readonly error?: string;
  readonly rebuild?: RebuildStatus;
}

export interface RebuildStatus {
  readonly version: number;
  readonly position: number;
  readonly startedAt: Date;
  readonly error?: string;
}
