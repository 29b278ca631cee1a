import { currencyMismatch, type Ids, type Money, type Transactions } from '@ashlar/domain';
import { AccountError } from '../../domain/errors/account.errors.ts';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { WithdrawalResponseDTO } from '../dtos/account.dto.ts';

export interface Withdraw {
  readonly accountId: string;
  readonly userId: string;
  readonly amount: Money;
}

export class WithdrawUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: AccountRepository,
    private readonly ids: Ids,
  ) {}

  async execute({ accountId, userId, amount }: Withdraw): Promise<WithdrawalResponseDTO> {
    const withdrawalId = this.ids.next();
    return this.transactions.transaction(async () => {
      const found = await this.accounts.find(accountId);
      if (!found) throw AccountError.notFound(accountId);
      if (found.account.userId !== userId) throw AccountError.notYours();
      const { currency } = found.account;
      if (amount.currency !== currency) throw currencyMismatch(amount.currency, currency);
      const { account } = await this.accounts.execute(accountId, {
        type: 'Withdraw',
        withdrawalId,
        amount: amount.amount,
      });
      return { withdrawalId, balance: { amount: account.balance, currency } };
    });
  }
}
