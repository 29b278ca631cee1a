import type { Transactions } from '@ashlar/domain';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { DepositRepository } from '../../domain/repositories/deposit.repository.interface.ts';

const PAGE = 100;

/** A user has left: accounts in which nothing is, and to which nothing is on its way, are closed for ever. */
export class CloseAccountsUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: AccountRepository,
    private readonly deposits: DepositRepository,
  ) {}

  async execute({ userId }: { userId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      let page = await this.accounts.listOf(userId, { limit: PAGE });
      while (page.length > 0) {
        for (const accountId of page) await this.#close(accountId);
        page = await this.accounts.listOf(userId, { limit: PAGE, after: page.at(-1)! });
      }
    });
  }

  /** The deposits are asked first: whoever is beginning one just now is waited for. */
  async #close(accountId: string): Promise<void> {
    if ((await this.deposits.pendingOf(accountId)) > 0) return;
    await this.accounts.execute(accountId, { type: 'Close' });
  }
}
