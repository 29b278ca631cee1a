import type { Transactions } from '@ashlar/domain';
import { UserError } from '../../domain/errors/user.errors.ts';
import type { SessionRepository } from '../../domain/repositories/session.repository.interface.ts';
import type { UserRepository } from '../../domain/repositories/user.repository.interface.ts';
import type { EmailHashes } from '../ports/email-hashes.interface.ts';
import type { StoredAnswers } from '../ports/stored-answers.interface.ts';

/** A user goes: the personal data here goes at once, and every other service is told. */
export class EraseUserUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly kept: { readonly answers: StoredAnswers; readonly hashes: EmailHashes },
  ) {}

  async execute({ userId }: { userId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const user = await this.users.find(userId);
      if (!user) throw UserError.gone();
      user.erase(user.isAdmin ? await this.users.countOtherAdministrators(userId) : 0);
      await this.users.erase(user);
      await this.sessions.removeAllOf(userId);
      const { answers, hashes } = this.kept;
      for (const caller of [userId, await hashes.of(user.state.email)]) await answers.forget(caller);
    });
  }
}
