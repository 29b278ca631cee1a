import type { Freshness } from '@ashlar/domain';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';
import { addressesOf, type OrderMapper } from '../mappers/order.mapper.ts';
import type { OrderReads } from '../ports/order-reads.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

export interface ListOrdersPorts {
  readonly reads: OrderReads;
  readonly personalData: PersonalData;
  readonly mapper: OrderMapper;
}

export class ListOrdersUseCase {
  constructor(private readonly ports: ListOrdersPorts) {}

  /** Newest first. */
  async execute(filter: OrderFilter, freshness: Freshness = 'newest'): Promise<OrderResponseDTO[]> {
    const { reads, personalData, mapper } = this.ports;
    const orders = (await reads.list(filter, freshness)).map(({ order }) => order);
    const addresses = await addressesOf(orders, personalData);
    return orders.map((order, at) => mapper.toResponseDTO(order, addresses[at]));
  }
}
