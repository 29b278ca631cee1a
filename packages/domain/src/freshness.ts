/** A place in the log of a database server: what was committed before it is in every copy that has come so far. */
export interface LogPosition {
  /** Counts up where another server takes over. */
  readonly timeline: number;
  readonly lsn: bigint;
}

/**
 * How new data have to be for a read: `any` may be a moment old, `newest` is everything that is committed by now, and
 * `since` everything up to a place in the log. `latest` is `newest`, and while nobody can tell that, what there is.
 */
export type Freshness = 'any' | 'newest' | 'latest' | { readonly since: LogPosition };
