/** Where, besides the orders themselves, name and address of a customer may be found. */
export interface PersonalData {
  /** Forgets what was kept for the answers and the messages of these orders. */
  forget(userId: string, orderIds: readonly string[]): Promise<void>;
  /** From now on the user has gone: whoever is taking an order of theirs just now is waited for. */
  leave(userId: string): Promise<void>;
  /** Whether the user has gone; it stays so, or not, until the end of the transaction. */
  hasLeft(userId: string): Promise<boolean>;
}
