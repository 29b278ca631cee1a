import type { Money, Transactions } from '@ashlar/domain';
import { Payment, type SagaStyle } from '../../domain/entities/payment.entity.ts';
import type { AccountRepository } from '../../domain/repositories/account.repository.interface.ts';
import type { PaymentRepository } from '../../domain/repositories/payment.repository.interface.ts';

export interface ReservePayment {
  readonly orderId: string;
  readonly userId: string;
  readonly amount: Money;
  readonly saga: SagaStyle;
}

/** Sets the money of an order aside; without an account in its currency, or without the money, it is declined. */
export class ReservePaymentUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly payments: PaymentRepository,
    private readonly accounts: AccountRepository,
  ) {}

  async execute({ orderId, userId, amount, saga }: ReservePayment): Promise<void> {
    await this.transactions.transaction(async () => {
      const payment = (await this.payments.find(orderId)) ?? Payment.for(orderId, saga);
      if (payment.state.status === 'new') {
        const accountId = await this.accounts.findIdOf(userId, amount.currency);
        if (accountId && (await this.#reserve(accountId, orderId, amount.amount))) payment.reserve(accountId);
        else payment.decline();
      }
      payment.answerReservation();
      await this.payments.save(payment);
    });
  }

  async #reserve(accountId: string, orderId: string, amount: number): Promise<boolean> {
    const { account } = await this.accounts.execute(accountId, { type: 'Reserve', orderId, amount });
    return Object.hasOwn(account.reserved, orderId);
  }
}
