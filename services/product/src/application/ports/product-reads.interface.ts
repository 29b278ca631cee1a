import type { Freshness } from '@ashlar/domain';
import type { Product } from '../../domain/entities/product.entity.ts';
import type { ListedProduct, ProductFilter } from '../../domain/repositories/product.repository.interface.ts';

/** Products for those who only read them: `any` copy of them may be a moment old. */
export interface ProductReads {
  find(id: string, freshness: Freshness): Promise<Product | undefined>;

  /** The newest first, or, in a search, the best. */
  list(filter: ProductFilter, freshness: Freshness): Promise<ListedProduct[]>;
}
