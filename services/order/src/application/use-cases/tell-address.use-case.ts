import type { Transactions } from '@ashlar/domain';
import type { OrderRepository } from '../../domain/repositories/order.repository.interface.ts';
import type { PersonalData } from '../ports/personal-data.interface.ts';

export interface WantedAddress {
  readonly orderId: string;
  readonly userId: string;
  readonly publicKey: string;
}

/** Shipping needs an address, and tells how to seal it. Of a customer who has gone there is nothing to tell. */
export class TellAddressUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly orders: OrderRepository,
    private readonly personalData: PersonalData,
  ) {}

  async execute({ orderId, userId, publicKey }: WantedAddress): Promise<void> {
    await this.transactions.transaction(async () => {
      await this.personalData.sealWith(userId, publicKey);
      const order = await this.orders.find(orderId);
      if (order?.state.userId !== userId || !order.state.shippingAddress) return;
      const [address] = await this.personalData.open([order.state.shippingAddress]);
      const sealed = address && (await this.personalData.seal(userId, address));
      if (!sealed?.carriage) return;
      order.tellAddress(sealed.carriage);
      await this.orders.save(order);
    });
  }
}
