import type { RedisReadModel } from '@ashlar/projection-redis';
import type { OrderView, OrderViews, ViewedOrder } from '../../application/ports/order-views.interface.ts';
import type { OrderFilter } from '../../domain/repositories/order.repository.interface.ts';
import type { StoredOrderViews } from './stored-order-views.impl.ts';

/** Orders as they are read, in Redis; their lists are what the index of the orders is there for. */
export class RedisOrderViews implements OrderViews {
  constructor(
    private readonly model: Pick<RedisReadModel<ViewedOrder>, 'find' | 'put'>,
    private readonly stored: Pick<StoredOrderViews, 'list'>,
  ) {}

  async find(id: string): Promise<OrderView | undefined> {
    const found = await this.model.find(id);
    return found && { version: found.version, order: found.value };
  }

  async list(filter: OrderFilter): Promise<OrderView[]> {
    return this.stored.list(filter, 'any');
  }

  async put({ version, order }: OrderView): Promise<void> {
    this.model.put(order.id, { version, value: order });
  }
}
