import type { Freshness } from '@ashlar/domain';
import { isUnreachable } from '@ashlar/postgres';
import type { OrderReads } from '../../application/ports/order-reads.interface.ts';
import type { OrderView, OrderViews } from '../../application/ports/order-views.interface.ts';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { StoredOrderViews } from './stored-order-views.impl.ts';

export interface OrderReadsOptions {
  readonly stored: StoredOrderViews;
  readonly views: Omit<OrderViews, 'put'>;
  readonly recent: RecentChanges;
  /** Whether lists of the read model lack nothing that is older than it. */
  readonly isFilled: () => Promise<boolean>;
}

/**
 * Reads that may be a moment old go to the read model; what it has not got, and what has to be newer, to the orders.
 */
export class RoutedOrderReads implements OrderReads {
  constructor(private readonly options: OrderReadsOptions) {}

  async find(id: string, freshness: Freshness): Promise<OrderView | undefined> {
    const { stored, views, recent } = this.options;
    if (freshness !== 'any') return stored.find(id, freshness);
    const known = await views.find(id).catch(nothingWhereUnreachable);
    return known && !recent.isOutdated(id, known.version) ? known : stored.find(id, 'latest');
  }

  async list(filter: OrderFilter, freshness: Freshness): Promise<OrderView[]> {
    const { stored, views, recent, isFilled } = this.options;
    if (freshness !== 'any') return stored.list(filter, freshness);
    const mayBeOld = !recent.concerns(filter.userId) && (await isFilled());
    return mayBeOld ? views.list(filter) : stored.list(filter, 'latest');
  }
}

/** The read model asks the orders for what it lacks; while their database is away, its copies may be asked. */
function nothingWhereUnreachable(error: unknown): undefined {
  if (!isUnreachable(error)) throw error;
}
