import type { AccountOwner, AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { PaymentRepository } from '../../domain/repositories/payment.repository.interface.ts';

export interface ForeseenPayments {
  readonly orderIds: readonly string[];
  /** Whose money is asked for. */
  readonly owners: readonly AccountOwner[];
}

/** Loads what the next orders are about into the transaction at once: payments, and the accounts that pay. */
export class PrefetchPaymentsUseCase {
  constructor(
    private readonly payments: PaymentRepository,
    private readonly accounts: AccountRepository,
  ) {}

  async execute({ orderIds, owners }: ForeseenPayments): Promise<void> {
    const [payments, asked] = await Promise.all([this.payments.prefetch(orderIds), this.accounts.findIdsOf(owners)]);
    await this.accounts.prefetch([...asked, ...payments.flatMap(({ state }) => state.accountId ?? [])]);
  }
}
