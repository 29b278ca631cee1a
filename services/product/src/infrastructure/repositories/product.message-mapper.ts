import { ProductArchived, ProductChanged, ProductCreated } from '@ashlar/contracts/product';
import { type Outgoing, outgoing } from '@ashlar/messaging';
import type { ProductEvent } from '../../domain/events/product.events.ts';

const CONTRACTS = { ProductCreated, ProductChanged, ProductArchived } as const;

/** The one place that decides what other services learn of a product. */
export function toMessage({ type, product }: ProductEvent): Outgoing {
  const { id: productId, sku, name, price, version } = product;
  return outgoing(CONTRACTS[type], productId, { productId, sku, name, price, version });
}
