import type { Freshness, LogPosition } from '@ashlar/domain';
import type { Database } from '../database.ts';

/** Something that can be asked. */
export type Reader = Pick<Database, 'query'>;

/** Where a service reads what it does not change: on the primary, or on copies of it that are new enough. */
export interface Reads {
  /** In a transaction everything is read on the primary. */
  at(freshness: Freshness): Reader;
  /** A place in the log behind all that is committed by now; nothing where all is read on the primary. */
  position(): Promise<LogPosition | undefined>;
  /** The copies, for metrics. */
  replicas(): readonly ReplicaView[];
}

/** A replica as an operator sees it. */
export interface ReplicaView {
  /** Its host and port. */
  readonly replica: string;
  readonly isReachable: boolean;
  /** So old may be what is read there. */
  readonly lagMs: number;
}

/** There are no replicas. */
export const onPrimary = (primary: Reader): Reads => ({
  at: () => primary,
  position: async () => undefined,
  replicas: () => [],
});
