/** The keys of the persons whose data a service keeps, in its own database. */
export interface PersonalKeys {
  /** Those that are there, by owner. */
  find(owners: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;

  /**
   * The key of this owner, made on first use; none once it was erased. Whichever it is, it stays so until the end of
   * the ambient transaction, which asks once: whoever erases it waits.
   */
  use(owner: string): Promise<Buffer | undefined>;

  /** What `use` will answer for these owners, asked for at once, where there is something to answer already. */
  prefetch(owners: readonly string[]): Promise<void>;

  /** Deletes the key for ever, also one that has never been: whoever uses it just now is waited for. */
  erase(owner: string): Promise<void>;
}
