/** Who may still have something here. */
export interface PersonalData {
  /** Whether they have left. It stays so, or not, until the end of the transaction. */
  isErased(userId: string): Promise<boolean>;
  /** From now on nothing of theirs is taken: whoever is creating something of theirs now is waited for. */
  erase(userId: string): Promise<void>;
}
