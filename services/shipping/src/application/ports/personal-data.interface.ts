import type { Sealed } from '@ashlar/domain';
import type { Address } from '../../domain/entities/shipment.entity.ts';

/** What is known of customers only as long as they have their keys. */
export interface PersonalData {
  /**
   * The key with which others seal for us what we are to know of this customer; nothing once they have gone. It stays
   * so, or not, until the end of the transaction.
   */
  publicKey(userId: string): Promise<string | undefined>;
  /** Whether they have gone. It stays so, or not, until the end of the transaction. */
  isErased(userId: string): Promise<boolean>;
  /** Asks for all of these at once: within the transaction nobody asks again. */
  prefetch(userIds: readonly string[]): Promise<void>;
  /** Nothing where nobody can read it any more. */
  open(address: Sealed): Promise<Address | undefined>;
  /** From now on nobody reads anything of this user: whoever is arranging a shipment of theirs now is waited for. */
  erase(userId: string): Promise<void>;
}
