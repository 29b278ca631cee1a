import type { Payment } from '../entities/payment.entity.ts';

export interface PaymentRepository {
  find(orderId: string): Promise<Payment | undefined>;
  /** Loads several into the transaction at once. */
  prefetch(orderIds: readonly string[]): Promise<void>;

  /** Stores the payment and what it has to tell others in one transaction. */
  save(payment: Payment): Promise<void>;
}
