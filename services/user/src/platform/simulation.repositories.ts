import { createHash } from 'node:crypto';
import type { Stored } from '@ashlar/postgres';
import { MemoryStates, references, type SimulatedPlatform, simulatedVault, unique } from '@ashlar/simulation';
import type { EmailHashes } from '../application/ports/email-hashes.interface.ts';
import { Session, type SessionState } from '../domain/entities/session.entity.ts';
import type { SigningKey } from '../domain/entities/signing-key.entity.ts';
import type { User } from '../domain/entities/user.entity.ts';
import type { SessionRepository } from '../domain/repositories/session.repository.interface.ts';
import type { SigningKeyRepository } from '../domain/repositories/signing-key.repository.interface.ts';
import type { UserRepository } from '../domain/repositories/user.repository.interface.ts';
import { SealedProfiles, type StoredProfile } from '../infrastructure/repositories/sealed-profiles.ts';
import { toMessage } from '../infrastructure/repositories/user.message-mapper.ts';

type StoredSession = Omit<SessionState, 'id' | 'version'>;

const USERS = 'users';
const SESSIONS = 'sessions';

/** Nobody tells an e-mail address from it here. */
export const memoryHashes: EmailHashes = {
  of: async (email) => createHash('sha256').update(email).digest('base64url'),
};

export class MemoryUserRepository implements UserRepository {
  readonly #users: MemoryStates<StoredProfile>;
  readonly #profiles: SealedProfiles;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#profiles = new SealedProfiles(simulatedVault(platform), memoryHashes);
    this.#users = new MemoryStates(work, stored.table<StoredProfile>(USERS), {
      name: 'The user',
      constraints: [unique<StoredProfile>('users_email', ({ state }) => state['emailHash'])],
    });
  }

  async find(id: string): Promise<User | undefined> {
    const stored = await this.#users.find(id);
    return stored && (await this.#profiles.open([stored]))[0];
  }

  async findByEmail(email: string): Promise<User | undefined> {
    const hash = await this.#profiles.hashOf(email);
    const [found] = await this.#users.select('looks for an e-mail', ({ state }) => state['emailHash'] === hash);
    return found && this.find(found.id);
  }

  async list({ limit, before }: { limit: number; before?: string }): Promise<User[]> {
    const isWanted = ({ id, state }: { id: string; state: StoredProfile }) =>
      state['emailHash'] !== undefined && (before === undefined || id < before);
    const found = await this.#users.select('lists users', isWanted);
    const page = found.reverse().slice(0, limit);
    return this.#profiles.open(page);
  }

  /** Locks them all, in one order: of two who leave at the same moment, the second counts without the first. */
  async countOtherAdministrators(id: string): Promise<number> {
    const administrators = () => this.#users.select('counts administrators', ({ state }) => state['role'] === 'admin');
    await this.#users.lock((await administrators()).map((one) => one.id));
    return (await administrators()).filter((one) => one.id !== id).length;
  }

  async save(user: User): Promise<void> {
    await this.platform.work.transaction(async () => this.#store(user, (await this.#profiles.seal(user)).state));
  }

  async erase(user: User): Promise<void> {
    await this.platform.work.transaction(async () => {
      await this.#profiles.erase(user.state.id);
      await this.#store(user, {});
    });
  }

  async #store(user: User, state: StoredProfile): Promise<void> {
    const { id, version } = user.state;
    await this.#users.save({ id, version, state });
    await this.platform.outbox.add(user.takeEvents().map(toMessage));
  }
}

export class MemorySessionRepository implements SessionRepository {
  readonly #sessions: MemoryStates<StoredSession>;
  /** Whose each refresh token was that was ever given out. */
  readonly #tokens: Map<string, Stored<string>>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#tokens = stored.table<string>('tokens');
    this.#sessions = new MemoryStates(work, stored.table<StoredSession>(SESSIONS), {
      name: 'The session',
      constraints: [
        references<StoredSession>('sessions_user_id_fkey', { table: stored.table(USERS), of: ({ userId }) => userId }),
      ],
    });
  }

  async find(id: string): Promise<Session | undefined> {
    const stored = await this.#sessions.find(id);
    return stored && Session.restore({ ...stored.state, id, version: stored.version });
  }

  async findByToken(tokenHash: string): Promise<Session | undefined> {
    const id = await this.platform.work.read('looks for a token', () => this.#tokens.get(tokenHash)?.state);
    return id === undefined ? undefined : this.find(id);
  }

  async save(session: Session): Promise<void> {
    const { id, version, ...state } = session.state;
    const { work } = this.platform;
    await work.transaction(async () => {
      await this.#sessions.save({ id, version, state });
      const token = { id: state.tokenHash, version: 1, state: id };
      await work.change('keeps a token', () => void this.#tokens.set(token.id, token));
    });
  }

  async removeAllOf(userId: string, except?: { readonly sessionId: string }): Promise<void> {
    const isMeant = ({ id, state }: Stored<StoredSession>) => state.userId === userId && id !== except?.sessionId;
    await this.#sessions.remove('removes sessions', isMeant);
  }

  async removeExpired(by: Date): Promise<number> {
    const hasExpired = ({ state }: Stored<StoredSession>) => new Date(state.expiresAt) <= by;
    const expired = await this.#sessions.select('looks for old sessions', hasExpired);
    await this.#sessions.remove('removes old sessions', hasExpired);
    return expired.length;
  }
}

export class MemorySigningKeyRepository implements SigningKeyRepository {
  readonly #keys: Map<string, Stored<SigningKey>>;

  constructor(private readonly platform: SimulatedPlatform) {
    this.#keys = platform.stored.table<SigningKey>('signing keys');
  }

  async list(): Promise<SigningKey[]> {
    const keys = await this.platform.work.read('lists keys', () => [...this.#keys.values()].map(({ state }) => state));
    return keys.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.kid < b.kid ? -1 : 1));
  }

  async listToChange(): Promise<SigningKey[]> {
    await this.platform.work.lock(['signing keys']);
    return this.list();
  }

  async replace(keys: readonly SigningKey[]): Promise<void> {
    await this.platform.work.change('replaces keys', () => {
      const known = new Map(this.#keys);
      this.#keys.clear();
      for (const key of keys) {
        const { retiredAt: _, ...kept } = known.get(key.kid)?.state ?? key;
        const state = { ...kept, ...(key.retiredAt && { retiredAt: key.retiredAt }) };
        this.#keys.set(key.kid, { id: key.kid, version: 1, state });
      }
    });
  }
}
