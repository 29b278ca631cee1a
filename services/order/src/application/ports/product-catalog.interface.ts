import type { Money } from '@ashlar/domain';

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: Money;
  readonly archived: boolean;
  readonly version: number;
}

/** What this service needs to know of products, wherever that comes from. */
export interface ProductCatalog {
  find(ids: readonly string[]): Promise<ReadonlyMap<string, Product>>;

  /** Takes over what a product is now; an older version changes nothing. */
  put(product: Product): Promise<void>;
}
