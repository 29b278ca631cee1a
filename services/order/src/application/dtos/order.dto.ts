import type { Money } from '@ashlar/domain';
import type { Address, OrderItem, OrderStatus, TimelineEntry } from '../../domain/entities/order.entity.ts';

/** An order as clients see it. */
export interface OrderResponseDTO {
  readonly id: string;
  readonly userId: string;
  readonly status: OrderStatus;
  readonly reason?: string;
  readonly items: readonly OrderItem[];
  readonly total: Money;
  readonly shippingAddress?: Address;
  readonly shipmentId?: string;
  readonly timeline: readonly TimelineEntry[];
  readonly createdAt: string;
  readonly updatedAt: string;
}
