import type { RoundTrips } from './round-trips.ts';

/** Counts the round trips of a database that is made with it. */
export class TripCount implements RoundTrips {
  #count = 0;

  origin(): undefined {}

  sent(): () => void {
    this.#count += 1;
    return () => {};
  }

  /** How many the work takes. */
  async of(work: () => Promise<unknown>): Promise<number> {
    const before = this.#count;
    await work();
    return this.#count - before;
  }
}
