/** Where, besides the orders themselves, name and address of a customer may be found. */
export interface PersonalData {
  /** Forgets what was kept for the answers and the messages of these orders. */
  forget(userId: string, orderIds: readonly string[]): Promise<void>;
}
