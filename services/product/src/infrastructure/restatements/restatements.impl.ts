import { ProductRestated, ProductsRestated, RestateProducts } from '@ashlar/contracts/product';
import { type Outbox, outgoing } from '@ashlar/messaging';
import type { Restatements } from '../../application/ports/restatements.interface.ts';
import type { Product } from '../../domain/entities/product.entity.ts';

/** Products are said again under their own keys, hence in order with what happens to them. */
export class OutboxRestatements implements Restatements {
  constructor(private readonly outbox: Outbox) {}

  async restate(requestId: string, products: readonly Product[]): Promise<void> {
    await this.outbox.add(
      products.map(({ state: { id: productId, sku, name, price, version, status } }) => {
        const archived = status === 'archived';
        return outgoing(ProductRestated, productId, { productId, sku, name, price, version, archived, requestId });
      }),
    );
  }

  async goOn(next: { readonly requestId: string; readonly after: string; readonly count: number }): Promise<void> {
    await this.outbox.add([outgoing(RestateProducts, next.requestId, next)]);
  }

  async end(requestId: string, count: number): Promise<void> {
    await this.outbox.add([outgoing(ProductsRestated, requestId, { requestId, count })]);
  }
}
