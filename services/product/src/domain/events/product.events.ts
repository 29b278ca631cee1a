import type { ProductState } from '../entities/product.entity.ts';

/** What happened to a product, and how it is since. */
export interface ProductEvent {
  readonly type: 'ProductCreated' | 'ProductChanged' | 'ProductArchived';
  readonly product: ProductState;
}
