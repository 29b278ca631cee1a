/** Who wants connections to a database server: how many replicas, and how many each can use. */
export interface Demand {
  readonly replicas: number;
  readonly most: number;
}

/** A second system, and those who look after the server, find room beside this one. */
const SHARE = 0.4;
const LEAST = 3;

/** How many connections each replica holds at most, on a server that offers so many to all. */
export const connectionsEach = (offered: number, { replicas, most }: Demand): number =>
  Math.min(most, Math.max(LEAST, Math.floor((offered * SHARE) / replicas)));
