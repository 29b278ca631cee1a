import type { Payment } from '../entities/payment.entity.ts';

export interface PaymentRepository {
  find(orderId: string): Promise<Payment | undefined>;
  /** Loads several into the transaction at once; answers those that there are. */
  prefetch(orderIds: readonly string[]): Promise<readonly Payment[]>;

  /** Stores the payment and what it has to tell others in one transaction. */
  save(payment: Payment): Promise<void>;
}
