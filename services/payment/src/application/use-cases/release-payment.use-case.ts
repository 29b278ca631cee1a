import type { Transactions } from '@ashlar/domain';
import { Payment } from '../../domain/entities/payment.entity.ts';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { PaymentRepository } from '../../domain/repositories/payment.repository.interface.ts';

/** Gives the money of an order back; for an order that has none, or is not known, it leaves a tombstone. */
export class ReleasePaymentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: PaymentRepository,
    private readonly accounts: AccountRepository,
  ) {}

  async execute({ orderId }: { orderId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      const payment = (await this.payments.find(orderId)) ?? Payment.for(orderId, 'orchestration');
      const { status, accountId } = payment.state;
      payment.release();
      if (status === 'reserved' && accountId) await this.accounts.execute(accountId, { type: 'Release', orderId });
      await this.payments.save(payment);
    });
  }
}
