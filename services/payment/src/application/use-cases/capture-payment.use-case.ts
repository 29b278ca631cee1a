import type { Transactions } from '@ashlar/domain';
import { Payment, type SagaStyle } from '../../domain/entities/payment.entity.ts';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { PaymentRepository } from '../../domain/repositories/payment.repository.interface.ts';

/** Takes the money that was set aside for an order, once. */
export class CapturePaymentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: PaymentRepository,
    private readonly accounts: AccountRepository,
  ) {}

  async execute({ orderId, saga }: { orderId: string; saga: SagaStyle }): Promise<void> {
    await this.transactions.transaction(async () => {
      const payment = (await this.payments.find(orderId)) ?? Payment.for(orderId, saga);
      const { status, accountId } = payment.state;
      if (status === 'reserved' && accountId) {
        await this.accounts.execute(accountId, { type: 'Capture', orderId });
        payment.capture();
      }
      payment.answerCapture();
      await this.payments.save(payment);
    });
  }
}
