import type { Freshness } from '@ashlar/domain';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';
import type { OrderView } from './order-views.interface.ts';

/** Orders for those who only read them, from wherever they are new enough. */
export interface OrderReads {
  find(id: string, freshness: Freshness): Promise<OrderView | undefined>;

  /** Newest first. */
  list(filter: OrderFilter, freshness: Freshness): Promise<OrderView[]>;
}
