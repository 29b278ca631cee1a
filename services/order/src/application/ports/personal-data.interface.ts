import type { Sealed } from '@ashlar/domain';
import type { Address } from '../../domain/entities/order.entity.ts';

/** An address as it is kept, and as it travels. */
export interface SealedAddress {
  readonly kept: Sealed;
  /** Sealed for shipping, once it is known how for this customer. */
  readonly carriage?: Sealed;
}

/** What is known of customers only as long as they have their keys. */
export interface PersonalData {
  /** Nothing once the customer has gone; it stays so, or not, until the end of the transaction. */
  seal(userId: string, address: Address): Promise<SealedAddress | undefined>;
  /** In the order in which they were given; nothing for what nobody can read any more. */
  open(addresses: readonly Sealed[]): Promise<(Address | undefined)[]>;
  /** From now on shipping gets the addresses of this customer sealed with this key. */
  sealWith(userId: string, publicKey: string): Promise<void>;
  /** From now on nobody reads anything of this user: whoever is taking an order of theirs just now is waited for. */
  erase(userId: string): Promise<void>;
}
