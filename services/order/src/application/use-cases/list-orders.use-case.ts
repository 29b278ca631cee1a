import type { OrderFilter, OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';
import type { OrderMapper } from '../mappers/order.mapper.ts';

export class ListOrdersUseCase {
  constructor(
    private readonly orders: OrderRepository,
    private readonly mapper: OrderMapper,
  ) {}

  /** Newest first. */
  async execute(filter: OrderFilter): Promise<OrderResponseDTO[]> {
    const orders = await this.orders.list(filter);
    return orders.map(({ state }) => this.mapper.toResponseDTO(state));
  }
}
