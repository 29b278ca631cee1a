import type { Freshness } from '@ashlar/domain';
import { historyOf } from '../../domain/entities/order.entity.ts';
import { OrderError } from '../../domain/errors/order.errors.ts';
import type { OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';
import { addressesOf, type OrderMapper } from '../mappers/order.mapper.ts';
import type { OrderReads } from '../ports/order-reads.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

export interface Viewer {
  readonly id: string;
  readonly role: string;
}

export interface GetOrderPorts {
  readonly reads: OrderReads;
  readonly orders: OrderRepository;
  readonly personalData: PersonalData;
  readonly mapper: OrderMapper;
}

/** What the owner of an order, or an administrator, may see of it. */
export class GetOrderUseCase {
  constructor(private readonly ports: GetOrderPorts) {}

  /** What is sealed for ever is another answer than before, without a change of the order: so says its version. */
  async execute(
    id: string,
    viewer: Viewer,
    freshness: Freshness = 'newest',
  ): Promise<{ order: OrderResponseDTO; version: string }> {
    const { reads, personalData, mapper } = this.ports;
    const { version, order } = visible(id, await reads.find(id, freshness), viewer);
    const [address] = await addressesOf([order], personalData);
    return { order: mapper.toResponseDTO(order, address), version: address ? `${version}` : `${version}-erased` };
  }

  /** The order after each change of its status, oldest first, as of now; `id` grows with them. */
  async history(id: string, viewer: Viewer): Promise<{ id: number; order: OrderResponseDTO }[]> {
    const { orders, personalData, mapper } = this.ports;
    const order = await orders.find(id);
    const { order: state } = visible(id, order && { order: order.state }, viewer);
    const [address] = await addressesOf([state], personalData);
    return historyOf(state).map(({ at, order: then }) => ({ id: at, order: mapper.toResponseDTO(then, address) }));
  }
}

function visible<Found extends { readonly order: { readonly userId: string } }>(
  id: string,
  found: Found | undefined,
  viewer: Viewer,
): Found {
  if (!found) throw OrderError.notFound(id);
  if (found.order.userId !== viewer.id && viewer.role !== 'admin') throw OrderError.notYours();
  return found;
}
