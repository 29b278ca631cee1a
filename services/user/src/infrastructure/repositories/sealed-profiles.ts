import type { Sealed } from '@ashlar/domain';
import type { PersonalVault } from '@ashlar/personal-data';
import { ConcurrencyError, type Stored } from '@ashlar/postgres';
import type { EmailHashes } from '../../application/ports/email-hashes.interface.ts';
import { User, type UserState } from '../../domain/entities/user.entity.ts';

/** What is kept of a user: who it is can be read only with their key. */
export interface SealedProfile extends Omit<UserState, 'id' | 'version' | 'email' | 'name'> {
  readonly email: Sealed;
  readonly name: Sealed;
  readonly emailHash: string;
}

/** An erased user has an id, and nothing else. */
export type StoredProfile = SealedProfile | Record<string, never>;

const isThere = (stored: Stored<StoredProfile>): stored is Stored<SealedProfile> => 'emailHash' in stored.state;

/** Seals users as they are stored, and opens them as they are loaded. */
export class SealedProfiles {
  constructor(
    private readonly vault: PersonalVault,
    private readonly hashes: EmailHashes,
  ) {}

  async seal({ state: { id, version, email, name, ...rest } }: User): Promise<Stored<SealedProfile>> {
    const [sealed, emailHash] = await Promise.all([this.vault.seal(id, { email, name }), this.hashes.of(email)]);
    if (!sealed) throw new ConcurrencyError(`The user ${id}`);
    return { id, version, state: { ...rest, ...sealed, emailHash } };
  }

  /** Those who are still there. */
  async open(stored: readonly Stored<StoredProfile>[]): Promise<User[]> {
    const profiles = stored.filter(isThere);
    const opened = await this.vault.openAll<string>(profiles.flatMap(({ state: { email, name } }) => [email, name]));
    return profiles.flatMap(({ id, version, state: { emailHash: _, ...state } }, at) => {
      const [email, name] = [opened[2 * at], opened[2 * at + 1]];
      return email === undefined || name === undefined ? [] : [User.restore({ ...state, id, version, email, name })];
    });
  }

  async erase(userId: string): Promise<void> {
    await this.vault.erase(userId);
  }

  hashOf(email: string): Promise<string> {
    return this.hashes.of(email);
  }
}
