import { MemoryStates, type SimulatedDefinition, type SimulatedPlatform } from '@ashlar/simulation';
import type { Tokens } from '../application/ports/tokens.interface.ts';
import type { UserApplication } from '../application/user.application.ts';
import { Session, type SessionState } from '../domain/entities/session.entity.ts';
import { User, type UserState } from '../domain/entities/user.entity.ts';
import type { SessionRepository } from '../domain/repositories/session.repository.interface.ts';
import type { UserRepository } from '../domain/repositories/user.repository.interface.ts';
import { toMessage } from '../infrastructure/repositories/user.message-mapper.ts';
import { createUserService } from './composition-root.ts';

export type { UserApplication };

type StoredUser = Partial<Omit<UserState, 'id' | 'version'>>;
type StoredSession = Omit<SessionState, 'id' | 'version'>;

const USERS = 'users';
const SESSIONS = 'sessions';

class MemoryUserRepository implements UserRepository {
  readonly #users: MemoryStates<StoredUser>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#users = new MemoryStates(work, stored.table<StoredUser>(USERS), { name: 'The user' });
  }

  async find(id: string): Promise<User | undefined> {
    const stored = await this.#users.find(id);
    if (!stored || stored.state.email === undefined) return undefined;
    return User.restore({ ...(stored.state as Omit<UserState, 'id' | 'version'>), id, version: stored.version });
  }

  async findByEmail(email: string): Promise<User | undefined> {
    const all = this.platform.stored.table<StoredUser>(USERS);
    const isWanted = ({ state }: { state: StoredUser }) => state.email === email;
    const found = await this.platform.work.read('looks for an e-mail', () => [...all.values()].find(isWanted)?.id);
    return found === undefined ? undefined : this.find(found);
  }

  async list({ limit }: { limit: number }): Promise<User[]> {
    const ids = [...this.platform.stored.table<StoredUser>(USERS).keys()].sort().reverse().slice(0, limit);
    const users = await Promise.all(ids.map((id) => this.find(id)));
    return users.flatMap((user) => user ?? []);
  }

  async countOtherAdministrators(id: string): Promise<number> {
    const all = [...this.platform.stored.table<StoredUser>(USERS).values()];
    return all.filter((user) => user.state.role === 'admin' && user.id !== id).length;
  }

  async save(user: User): Promise<void> {
    const { id: _id, version: _version, ...state } = user.state;
    await this.#store(user, state);
  }

  async erase(user: User): Promise<void> {
    await this.#store(user, {});
  }

  async #store(user: User, state: StoredUser): Promise<void> {
    const { id, version } = user.state;
    await this.platform.work.transaction(async () => {
      await this.#users.save({ id, version, state });
      await this.platform.outbox.add(user.takeEvents().map(toMessage));
    });
  }
}

class MemorySessionRepository implements SessionRepository {
  readonly #sessions: MemoryStates<StoredSession>;

  constructor(private readonly platform: SimulatedPlatform) {
    const { work, stored } = platform;
    this.#sessions = new MemoryStates(work, stored.table<StoredSession>(SESSIONS), { name: 'The session' });
  }

  async find(id: string): Promise<Session | undefined> {
    const stored = await this.#sessions.find(id);
    return stored && Session.restore({ ...stored.state, id, version: stored.version });
  }

  async findByToken(tokenHash: string): Promise<Session | undefined> {
    const all = [...this.platform.stored.table<StoredSession>(SESSIONS).values()];
    const found = all.find(({ state }) => state.tokenHash === tokenHash);
    return found && this.find(found.id);
  }

  async save(session: Session): Promise<void> {
    const { id, version, ...state } = session.state;
    await this.#sessions.save({ id, version, state });
  }

  async removeAllOf(userId: string, except?: { readonly sessionId: string }): Promise<void> {
    const all = this.platform.stored.table<StoredSession>(SESSIONS);
    const isMeant = ([id, { state }]: [string, { state: StoredSession }]) =>
      state.userId === userId && id !== except?.sessionId;
    await this.platform.work.read('removes sessions', () => {
      for (const [id] of [...all].filter(isMeant)) all.delete(id);
    });
  }

  async removeExpired(): Promise<number> {
    return 0;
  }
}

/** Nobody shows a token here. */
const tokensOf = ({ ids, clock }: SimulatedPlatform): Tokens => ({
  accessToken: async () => ({ token: ids.next(), expiresIn: 900 }),
  refreshToken: () => {
    const token = ids.next();
    return { token, tokenHash: token, expiresAt: new Date(clock.now().getTime() + 3_600_000) };
  },
  hashOf: (token) => token,
});

/** The service on memory, for simulations: the same composition root with other adapters. */
export const simulatedUserService = (): SimulatedDefinition<UserApplication> => ({
  name: 'user',
  create: (platform) => {
    const { work, clock, ids, timers, world } = platform;
    const { application, consumers } = createUserService(
      {
        transactions: work,
        users: new MemoryUserRepository(platform),
        sessions: new MemorySessionRepository(platform),
        keys: { list: async () => [], listToChange: async () => [], replace: async () => {} },
        answers: { forget: async () => {} },
        passwords: { hash: async (password) => password, verify: async (password, hash) => password === hash },
        tokens: tokensOf(platform),
        keyMaker: { make: () => Promise.reject(new Error('No keys are made in a simulation.')) },
        clock,
        ids,
        timers,
        onError: (error) => world.note(`sessions could not be purged: ${String(error)}`),
      },
      { issuer: 'ashlar', audience: 'ashlar', accessTokenSeconds: 900, refreshTokenSeconds: 3_600 },
    );
    return { app: application, consumers };
  },
});
