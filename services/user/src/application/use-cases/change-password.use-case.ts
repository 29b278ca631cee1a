import type { Transactions } from '@ashlar/domain';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { SessionRepository } from '../../domain/repositories/session.repository.interface.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { PasswordHasher } from '../ports/password-hasher.interface.ts';

export interface ChangePassword {
  readonly userId: string;
  readonly sessionId: string;
  readonly currentPassword: string;
  readonly newPassword: string;
}

/** Afterwards only the session in which it was changed goes on. */
export class ChangePasswordUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly passwords: PasswordHasher,
  ) {}

  async execute({ userId, sessionId, currentPassword, newPassword }: ChangePassword): Promise<void> {
    const user = await this.users.find(userId);
    if (!user) throw UserError.gone();
    const { passwordHash } = user.state;
    if (!(await this.passwords.verify(currentPassword, passwordHash))) throw UserError.wrongPassword();
    const newHash = await this.passwords.hash(newPassword);
    await this.transactions.transaction(() => this.#replace({ userId, sessionId, passwordHash, newHash }));
  }

  async #replace(change: { userId: string; sessionId: string; passwordHash: string; newHash: string }): Promise<void> {
    const user = await this.users.find(change.userId);
    if (!user) throw UserError.gone();
    if (user.state.passwordHash !== change.passwordHash) throw UserError.wrongPassword();
    user.changePassword(change.newHash);
    await this.users.save(user);
    const session = await this.sessions.find(change.sessionId);
    if (session) {
      session.outlive(user.state.passwordVersion);
      await this.sessions.save(session);
    }
    await this.sessions.removeAllOf(change.userId, change);
  }
}
