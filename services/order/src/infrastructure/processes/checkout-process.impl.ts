import type { Sealed } from '@ashlar/domain';
import type { SagaRuntime } from '@ashlar/saga';
import type { CheckoutProcess } from '../../application/ports/checkout-process.interface.ts';
import type { Checkout } from '../../application/sagas/checkout.saga.ts';
import type { OrderState } from '../../domain/entities/order.entity.ts';

/** The checkout as a saga, in the database of the orders. */
export class SagaCheckoutProcess implements CheckoutProcess {
  constructor(private readonly runtime: Pick<SagaRuntime<Checkout>, 'start' | 'cancel'>) {}

  async begin({ id, userId, items, total }: OrderState, carriage: Sealed | undefined): Promise<void> {
    await this.runtime.start({ id, userId, items, total, ...(carriage && { carriage }) });
  }

  async cancel(orderId: string): Promise<'cancelled' | 'too_late' | 'ended' | 'unknown'> {
    return this.runtime.cancel(orderId);
  }
}
