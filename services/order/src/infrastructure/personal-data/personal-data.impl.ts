import type { Sealed } from '@ashlar/domain';
import type { PersonalVault } from '@ashlar/personal-data';
import type { PersonalData, SealedAddress } from '../../application/ports/personal-data.interface.ts';
import type { Address } from '../../domain/entities/order.entity.ts';
import type { ShippingKeys } from './shipping-keys.interface.ts';

/** Addresses are kept sealed with the customer's key here, and travel sealed with their key at shipping. */
export class VaultPersonalData implements PersonalData {
  constructor(
    private readonly vault: PersonalVault,
    private readonly shippingKeys: ShippingKeys,
  ) {}

  async seal(userId: string, shippingAddress: Address): Promise<SealedAddress | undefined> {
    const [sealed, publicKey] = await Promise.all([
      this.vault.seal(userId, { shippingAddress }),
      this.shippingKeys.find(userId),
    ]);
    if (!sealed) return undefined;
    const datum = { of: userId, as: 'address', value: shippingAddress };
    const carriage = publicKey === undefined ? {} : { carriage: this.vault.sealFor(publicKey, datum) };
    return { kept: sealed.shippingAddress, ...carriage };
  }

  async open(addresses: readonly Sealed[]): Promise<(Address | undefined)[]> {
    return this.vault.openAll<Address>(addresses);
  }

  async sealWith(userId: string, publicKey: string): Promise<void> {
    if (await this.vault.isErased(userId)) return;
    await this.shippingKeys.put(userId, publicKey);
  }

  async erase(userId: string): Promise<void> {
    await this.vault.erase(userId);
    await this.shippingKeys.forget(userId);
  }
}
