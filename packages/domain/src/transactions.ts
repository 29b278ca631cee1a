/** All that a use case needs to know of a database: what is done inside happens together, or not at all. */
export interface Transactions {
  /** May run `work` more than once, when it has lost a race. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
}
