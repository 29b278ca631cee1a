import type { Clock, Transactions } from '@ashlar/domain';
import type { Order } from '../../domain/entities/order.entity.ts';
import { OrderError } from '../../domain/errors/order.errors.ts';
import type { OrderRepository } from '../../domain/repositories/order.repository.interface.ts';

/** What the other services have done for an order, as the order itself sees it. */
export class AdvanceOrderUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly orders: OrderRepository,
    private readonly clock: Clock,
  ) {}

  async record(orderId: string, milestone: string): Promise<void> {
    await this.#change(orderId, (order, at) => order.record(milestone, at));
  }

  async attachShipment(orderId: string, shipmentId: string): Promise<void> {
    await this.#change(orderId, (order) => order.attachShipment(shipmentId));
  }

  async confirm(orderId: string): Promise<void> {
    await this.#change(orderId, (order, at) => order.confirm(at));
  }

  /** Everything is undone by now. */
  async abandon(orderId: string, { reason, cancelled }: { reason: string; cancelled: boolean }): Promise<void> {
    await this.#change(orderId, (order, at) => (cancelled ? order.cancel(at) : order.reject(reason, at)));
  }

  async ship(orderId: string): Promise<void> {
    await this.#change(orderId, (order, at) => order.ship(at));
  }

  async deliver(orderId: string): Promise<void> {
    await this.#change(orderId, (order, at) => order.deliver(at));
  }

  async #change(orderId: string, change: (order: Order, at: Date) => void): Promise<void> {
    await this.transactions.transaction(async () => {
      const order = await this.orders.find(orderId);
      if (!order) throw OrderError.notFound(orderId);
      change(order, this.clock.now());
      await this.orders.save(order);
    });
  }
}
