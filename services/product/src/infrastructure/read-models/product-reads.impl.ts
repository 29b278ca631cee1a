import type { LayeredCache } from '@ashlar/cache';
import type { Clock, Freshness } from '@ashlar/domain';
import type { Reads } from '@ashlar/postgres';
import type { ProductReads } from '../../application/ports/product-reads.interface.ts';
import type { Product } from '../../domain/entities/product.entity.ts';
import type { ListedProduct, ProductFilter } from '../../domain/repositories/product.repository.interface.ts';
import { findProduct, listProducts } from '../repositories/product.queries.ts';

export interface CachedProductReadsOptions {
  readonly reads: Pick<Reads, 'at'>;
  readonly cache: LayeredCache<Product>;
  readonly clock: Clock;
}

/** Longer than a replica is ever behind that is read. */
const REMEMBERED_MS = 1_000;

/**
 * Reads through a cache, and below it from replicas. The cache forgets a product at each commit that changes it; and
 * for a moment such a product is read on the primary, or caches would keep what a replica does not know better yet.
 */
export class CachedProductReads implements ProductReads {
  readonly #changedAt = new Map<string, number>();

  constructor(private readonly options: CachedProductReadsOptions) {}

  /** This process has committed a change of the product. */
  changed(id: string): void {
    const now = this.#now();
    for (const [old, at] of this.#changedAt) {
      if (now - at < REMEMBERED_MS) break;
      this.#changedAt.delete(old);
    }
    this.#changedAt.delete(id);
    this.#changedAt.set(id, now);
    void this.options.cache.invalidate(id);
  }

  async find(id: string, freshness: Freshness): Promise<Product | undefined> {
    const { reads, cache } = this.options;
    if (freshness !== 'any') return findProduct(reads.at(freshness), id);
    return cache.get(id, () => findProduct(reads.at(this.#isRecent(this.#changedAt.get(id)) ? 'latest' : 'any'), id));
  }

  async list(filter: ProductFilter, freshness: Freshness): Promise<ListedProduct[]> {
    const isRecent = this.#isRecent([...this.#changedAt.values()].at(-1));
    const needed = freshness === 'any' && isRecent ? 'latest' : freshness;
    return listProducts(this.options.reads.at(needed), filter);
  }

  #isRecent(at: number | undefined): boolean {
    return at !== undefined && this.#now() - at < REMEMBERED_MS;
  }

  #now(): number {
    return this.options.clock.now().getTime();
  }
}
