import type { Order } from '../entities/order.entity.ts';

export interface OrderFilter {
  readonly userId: string;
  readonly status?: string;
  /** Only orders placed before this one. */
  readonly before?: string;
  readonly limit: number;
}

export interface OrderRepository {
  find(id: string): Promise<Order | undefined>;
  /** Loads several into the transaction at once. */
  prefetch(ids: readonly string[]): Promise<void>;

  /** Newest first. */
  list(filter: OrderFilter): Promise<Order[]>;

  /** Stores the order and what it has to tell others in one transaction. */
  save(order: Order): Promise<void>;
}
