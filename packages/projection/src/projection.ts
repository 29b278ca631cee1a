import type { Contract } from '@ashlar/messaging';

/** A read model as its host runs it. */
export interface Projection {
  readonly name: string;
  /** The commands that it sends to the sources of its facts. */
  readonly asks?: readonly Contract[];
  /** Makes the tables where there are none, and has those of an older version rebuilt; before anybody reads them. */
  prepare(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
  /** Has the read model made anew beside the one that is read, which it then replaces; answers once that is noted. */
  beginRebuild(): Promise<void>;
  status(): Promise<ProjectionStatus>;
}

/** How far a read model has come. */
export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  /** `failing`: it cannot go on, and `error` says why; it is tried again. */
  readonly state: 'live' | 'rebuilding' | 'failing';
  readonly position: number;
  /** How many events, or messages, it is behind. */
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
