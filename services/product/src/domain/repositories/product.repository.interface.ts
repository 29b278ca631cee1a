import type { Product, ProductStatus } from '../entities/product.entity.ts';

/** Where a list goes on: behind this product. `rank` tells how well it fits, where there was something to fit. */
export interface ListPosition {
  readonly rank?: number;
  readonly id: string;
}

export interface ProductFilter {
  readonly search?: string;
  readonly category?: string;
  readonly status: ProductStatus;
  readonly limit: number;
  readonly after?: ListPosition;
}

export interface ListedProduct {
  readonly product: Product;
  readonly position: ListPosition;
}

export interface ProductRepository {
  find(id: string): Promise<Product | undefined>;
  isTaken(sku: string): Promise<boolean>;

  /** The best fitting first where there is a search; else the newest. */
  list(filter: ProductFilter): Promise<ListedProduct[]>;

  /** Products of whatever status behind this id, in the order of their ids. */
  portion(after: string, limit: number): Promise<Product[]>;

  /** Stores the product, if it has changed, and what there is to tell others in one transaction. */
  save(product: Product): Promise<void>;
}
