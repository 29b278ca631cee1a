/** Remembers which catalogues were put in for a start. */
export interface SeedLog {
  /** True for the first who asks, for ever; the others wait until that one is done. */
  claim(name: string): Promise<boolean>;
}
