import { type Clock, currencyMismatch, type Ids, type Money, type Transactions } from '@ashlar/domain';
import { MOST_BALANCE } from '../../domain/aggregates/account.aggregate.ts';
import { Deposit } from '../../domain/entities/deposit.entity.ts';
import { AccountError } from '../../domain/errors/account.errors.ts';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { DepositRepository } from '../../domain/repositories/deposit.repository.interface.ts';
import type { DepositJobs } from '../ports/deposit-jobs.interface.ts';

export interface BeginDeposit {
  readonly accountId: string;
  readonly userId: string;
  readonly amount: Money;
  readonly cardToken: string;
}

export interface DepositPorts {
  readonly accounts: AccountRepository;
  readonly deposits: DepositRepository;
  readonly jobs: DepositJobs;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Writes the deposit down before the card is charged, with a job that finishes it if this process does not. */
export class BeginDepositUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly ports: DepositPorts,
  ) {}

  async execute({ accountId, userId, amount, cardToken }: BeginDeposit): Promise<string> {
    const { accounts, deposits, jobs, clock, ids } = this.ports;
    const depositId = ids.next();
    return this.transactions.transaction(async () => {
      // Before the balance: one that is finished in between is counted twice, and never not at all.
      const pending = await deposits.pendingOf(accountId);
      const found = await accounts.find(accountId);
      if (!found || found.account.isClosed) throw AccountError.notFound(accountId);
      if (found.account.userId !== userId) throw AccountError.notYours();
      if (amount.currency !== found.account.currency) throw currencyMismatch(amount.currency, found.account.currency);
      if (found.account.balance + pending + amount.amount > MOST_BALANCE) throw AccountError.balanceLimit();
      await deposits.save(Deposit.begin({ depositId, accountId, userId, amount, cardToken }, clock.now()));
      await jobs.finishLater(depositId);
      return depositId;
    });
  }
}
