import { randomBytes } from 'node:crypto';
import type { Sealed } from '@ashlar/domain';
import type { Bound, RandomBytes } from './cipher.ts';
import type { PersonalKeys } from './personal-keys.ts';
import { publicKeyOf, sealFor } from './sealed-box.ts';
import { open, seal } from './sealing.ts';

/**
 * Seals personal data with the keys of those whom they are about, and opens them for as long as those keys are there
 * (crypto-shredding). Nobody has to find the copies of what is to be erased.
 */
export class PersonalVault {
  constructor(
    private readonly keys: PersonalKeys,
    private readonly bytes: RandomBytes = randomBytes,
  ) {}

  /** Nothing where the owner was erased. In a transaction, so that nobody is erased before its end. */
  async seal<Values extends Readonly<Record<string, unknown>>>(
    owner: string,
    values: Values,
  ): Promise<{ readonly [Name in keyof Values]: Sealed } | undefined> {
    const key = await this.keys.use(owner);
    if (!key) return undefined;
    const sealed = Object.entries(values).map(
      ([as, value]) => [as, seal(key, { of: owner, as, value }, this.bytes)] as const,
    );
    return Object.fromEntries(sealed) as { readonly [Name in keyof Values]: Sealed };
  }

  /** What it was; nothing once its owner was erased. Throws if it was changed, or moved under another owner or name. */
  async open<Value>(sealed: Sealed): Promise<Value | undefined> {
    const [opened] = await this.openAll<Value>([sealed]);
    return opened;
  }

  /** The same for many, with the keys of all of them in one question. */
  async openAll<Value>(sealed: readonly Sealed[]): Promise<(Value | undefined)[]> {
    const keys = await this.keys.find([...new Set(sealed.map(({ of }) => of))]);
    return sealed.map((one) => {
      const key = keys.get(one.of);
      return key && (open(key, one) as Value);
    });
  }

  /** With this others seal what only we open, as long as we have the owner's key; nothing once it was erased. */
  async publicKey(owner: string): Promise<string | undefined> {
    const key = await this.keys.use(owner);
    return key && publicKeyOf(key);
  }

  /** Seals a value for whoever keeps the key of this public half. */
  sealFor(publicKey: string, datum: Bound & { readonly value: unknown }): Sealed {
    return sealFor(publicKey, datum, this.bytes);
  }

  /** Whether nothing could ever be opened again. It stays so, or not, until the end of the transaction. */
  async isErased(owner: string): Promise<boolean> {
    return (await this.keys.use(owner)) === undefined;
  }

  /** Asks at once for what a transaction will need of these owners; they stay as they are until its end. */
  async prefetch(owners: readonly string[]): Promise<void> {
    await this.keys.prefetch(owners);
  }

  /** From now on nothing of this owner opens. Once more changes nothing. */
  async erase(owner: string): Promise<void> {
    await this.keys.erase(owner);
  }
}
