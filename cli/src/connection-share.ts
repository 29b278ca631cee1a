/** Who wants connections to a database server: how many replicas, and how many each can use. */
export interface Demand {
  readonly replicas: number;
  readonly most: number;
}

/** A second system, and those who look after the server, find room beside this one. */
const SHARE = 0.4;
const LEAST = 3;

/** A server that offers less than replicas cannot do without; it has PostgreSQL's code for it. */
export class TooFewConnectionsError extends Error {
  override readonly name = 'TooFewConnectionsError';
  readonly code = '53300';
}

/** How many connections each replica holds at most, on a server that offers so many to all. */
export function connectionsEach(offered: number, { replicas, most }: Demand): number {
  const needed = replicas * LEAST;
  if (needed > offered)
    throw new TooFewConnectionsError(`it offers ${offered}, and ${replicas} replicas need ${needed}`);
  return Math.min(most, Math.max(LEAST, Math.floor((offered * SHARE) / replicas)));
}
