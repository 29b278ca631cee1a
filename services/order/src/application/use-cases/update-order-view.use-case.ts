import type { OrderView, OrderViews } from '../ports/order-views.interface.ts';

/** An order has changed: from now on it is read as it stands now. */
export class UpdateOrderViewUseCase {
  constructor(private readonly views: OrderViews) {}

  async execute(view: OrderView): Promise<void> {
    await this.views.put(view);
  }
}
