import type { Product } from '../../domain/entities/product.entity.ts';

/** How products are said again. */
export interface Restatements {
  restate(requestId: string, products: readonly Product[]): Promise<void>;
  /** Asks ourselves for the next portion. */
  goOn(next: { readonly requestId: string; readonly after: string; readonly count: number }): Promise<void>;
  end(requestId: string, count: number): Promise<void>;
}
