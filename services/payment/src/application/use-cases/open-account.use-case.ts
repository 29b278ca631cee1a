import type { Clock, Ids, Transactions } from '@ashlar/domain';
import { AccountError } from '../../domain/errors/account.errors.ts';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { AccountResponseDTO } from '../dtos/account.dto.ts';
import type { AccountMapper } from '../mappers/account.mapper.ts';

export class OpenAccountUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: AccountRepository,
    private readonly mapper: AccountMapper,
    private readonly world: { readonly clock: Clock; readonly ids: Ids },
  ) {}

  async execute({ userId, currency }: { userId: string; currency: string }): Promise<AccountResponseDTO> {
    const accountId = this.world.ids.next();
    const createdAt = this.world.clock.now();
    return this.transactions.transaction(async () => {
      const opened = await this.accounts.open({ accountId, userId, currency }, createdAt);
      if (!opened) throw AccountError.exists(currency);
      const { account, version } = await this.accounts.execute(accountId, {
        type: 'Open',
        accountId,
        userId,
        currency,
      });
      return this.mapper.toResponseDTO({ account, version, createdAt });
    });
  }
}
