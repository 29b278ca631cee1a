import type { SigningKey } from '../entities/signing-key.entity.ts';

export interface SigningKeyRepository {
  list(): Promise<SigningKey[]>;

  /** The same, for someone who is about to change them: only one at a time, until the end of the transaction. */
  listToChange(): Promise<SigningKey[]>;

  /** These are all the keys from now on. */
  replace(keys: readonly SigningKey[]): Promise<void>;
}
