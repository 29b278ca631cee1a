/** One incarnation of a replica: `order-1#0199…`. Whoever starts again under the name of a replica is another one. */
export interface Holder {
  readonly replica: string;
  readonly id: string;
}

export const holderName = ({ replica, id }: Holder): string => `${replica}#${id}`;

/** What a holder is told when it says that it is here. */
export interface Renewal {
  /** The leases that it holds, renewed. */
  readonly held: readonly string[];
  /** The leases that others hold. */
  readonly taken: readonly string[];
  /** The names of the other holders that are here. */
  readonly others: readonly string[];
  /** When the first of the others is no longer here, should it not be heard of. */
  readonly expiresInMs?: number | null;
}

/** A lease that was just taken. */
export interface Lease {
  readonly name: string;
  /** How often it has been taken. */
  readonly epoch: number;
  /** Since when nobody has renewed it; nothing for one that nobody has ever held. */
  readonly idleMs?: number;
}

/**
 * Who of a service's replicas does what only one is to do: rows that expire on the clock of its database. They keep
 * work from being done twice, not from harm: a holder that wakes up late is fenced by inbox, versions and checkpoints.
 */
export interface Leases {
  /** The holder begins: what an earlier incarnation of its replica holds is free. */
  enter(holder: Holder): Promise<void>;
  /** Says that the holder is here, and renews what it holds and has not lost. */
  renew(holder: Holder, ttlMs: number): Promise<Renewal>;
  /** Takes those of these that nobody holds. */
  claim(holder: Holder, names: readonly string[], ttlMs: number): Promise<Lease[]>;
  /** Gives these back, if the holder has them. */
  release(holder: Holder, names: readonly string[]): Promise<void>;
  /** The holder is no longer here, and holds nothing. */
  leave(holder: Holder): Promise<void>;
}
