import type { Transactions } from '@ashlar/domain';
import type { OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

const PAGE = 100;

/** A user has gone: the orders stay, without name and address. */
export class EraseUserUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly orders: OrderRepository,
    private readonly personalData: PersonalData,
  ) {}

  async execute({ userId }: { userId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      await this.personalData.leave(userId);
      let page = await this.orders.list({ userId, limit: PAGE });
      while (page.length > 0) {
        for (const order of page) {
          order.erasePersonalData();
          await this.orders.save(order);
        }
        await this.personalData.forget(
          userId,
          page.map(({ state }) => state.id),
        );
        page = await this.orders.list({ userId, limit: PAGE, before: page.at(-1)!.state.id });
      }
    });
  }
}
