import { historyOf, type Order } from '../../domain/entities/order.entity.ts';
import { OrderError } from '../../domain/errors/order.errors.ts';
import type { OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';
import type { OrderMapper } from '../mappers/order.mapper.ts';

export interface Viewer {
  readonly id: string;
  readonly role: string;
}

/** What the owner of an order, or an administrator, may see of it. */
export class GetOrderUseCase {
  constructor(
    private readonly orders: OrderRepository,
    private readonly mapper: OrderMapper,
  ) {}

  async execute(id: string, viewer: Viewer): Promise<{ order: OrderResponseDTO; version: number }> {
    const { state } = await this.#find(id, viewer);
    return { order: this.mapper.toResponseDTO(state), version: state.version };
  }

  /** The order after each change of its status, oldest first; `id` grows with them. */
  async history(id: string, viewer: Viewer): Promise<{ id: number; order: OrderResponseDTO }[]> {
    const { state } = await this.#find(id, viewer);
    return historyOf(state).map(({ at, order }) => ({ id: at, order: this.mapper.toResponseDTO(order) }));
  }

  async #find(id: string, viewer: Viewer): Promise<Order> {
    const order = await this.orders.find(id);
    if (!order) throw OrderError.notFound(id);
    if (order.state.userId !== viewer.id && viewer.role !== 'admin') throw OrderError.notYours();
    return order;
  }
}
