import type { Transactions } from '@ashlar/domain';
import type { SessionRepository } from '../../domain/repositories/session.repository.interface.ts';

/** Ends a session: none of its refresh tokens is good any more. */
export class SignOutUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: SessionRepository,
  ) {}

  async execute({ sessionId }: { sessionId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const session = await this.sessions.find(sessionId);
      if (!session) return;
      session.revoke();
      await this.sessions.save(session);
    });
  }
}
