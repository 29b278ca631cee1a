import type { Transactions } from '@ashlar/domain';
import { OrderError } from '../../domain/errors/order.errors.ts';
import type { OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';
import { addressesOf, type OrderMapper } from '../mappers/order.mapper.ts';
import type { CheckoutProcess } from '../ports/checkout-process.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';
import type { Viewer } from './get-order.use-case.ts';

/** Cancels an order while the capture of its payment has not been ordered; asking again changes nothing. */
export class CancelOrderUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly orders: OrderRepository,
    private readonly checkout: CheckoutProcess,
    private readonly view: { readonly mapper: OrderMapper; readonly personalData: PersonalData },
  ) {}

  async execute(orderId: string, viewer: Viewer): Promise<OrderResponseDTO> {
    return this.transactions.transaction(async () => {
      const order = await this.orders.find(orderId);
      if (!order) throw OrderError.notFound(orderId);
      if (order.state.userId !== viewer.id && viewer.role !== 'admin') throw OrderError.notYours();
      const answer = await this.checkout.cancel(orderId);
      const { status } = order.state;
      if (answer === 'ended' && status === 'rejected') throw OrderError.notCancellable(orderId, status);
      if (answer !== 'cancelled') throw OrderError.tooLate(orderId);
      const { state } = (await this.orders.find(orderId)) ?? order;
      const [address] = await addressesOf([state], this.view.personalData);
      return this.view.mapper.toResponseDTO(state, address);
    });
  }
}
