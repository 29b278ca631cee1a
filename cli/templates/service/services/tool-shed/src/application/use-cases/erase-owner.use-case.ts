import type { Transactions } from '@ashlar/domain';
import type { KeyRingRepository } from '../../domain/repositories/key-ring.repository.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';
import type { StoredAnswers } from '../ports/stored-answers.interface.ts';

/** A user has left: what they had here, and what they were answered, goes with them. Nothing more is taken. */
export class EraseOwnerUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly keyRings: KeyRingRepository,
    private readonly answers: StoredAnswers,
    private readonly personalData: PersonalData,
  ) {}

  async execute({ userId }: { readonly userId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      await this.personalData.erase(userId);
      await this.keyRings.removeAllOf(userId);
      await this.answers.forget(userId);
    });
  }
}
