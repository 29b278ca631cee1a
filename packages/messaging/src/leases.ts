/** One incarnation of a replica: `order-1#0199…`. Whoever starts again under the name of a replica is another one. */
export interface Holder {
  readonly replica: string;
  readonly id: string;
}

export const holderName = ({ replica, id }: Holder): string => `${replica}#${id}`;

/** The result of a renewal. */
export interface Renewal {
  /** The leases that it holds, renewed. */
  readonly held: readonly string[];
  /** The leases that others hold. */
  readonly taken: readonly string[];
  /** The names of the other holders that are alive. */
  readonly others: readonly string[];
  /** Milliseconds until the first of the others expires, unless it renews. */
  readonly expiresInMs?: number | null;
}

/** A lease that was just taken. */
export interface Lease {
  readonly name: string;
  /** How often it has been taken. */
  readonly epoch: number;
  /** Milliseconds since it was last renewed; absent if nobody has ever held it. */
  readonly idleMs?: number;
}

/**
 * Which of a service's replicas does work that only one should do: rows that expire on the clock of its database. They
 * are an optimisation, not a lock: a holder that wakes up late is fenced by inbox, versions and checkpoints.
 */
export interface Leases {
  /** The holder starts: whatever an earlier incarnation of its replica holds is released. */
  enter(holder: Holder): Promise<void>;
  /** The process of this replica is known to be dead: whatever it held is released. */
  bury(replica: string): Promise<void>;
  /** A heartbeat, which also renews the leases that the holder still has. */
  renew(holder: Holder, ttlMs: number): Promise<Renewal>;
  /** Takes those of the named leases that nobody holds. */
  claim(holder: Holder, names: readonly string[], ttlMs: number): Promise<Lease[]>;
  /** Gives the named leases back, if the holder has them. */
  release(holder: Holder, names: readonly string[]): Promise<void>;
  /** The holder stops, and releases everything. */
  leave(holder: Holder): Promise<void>;
}
