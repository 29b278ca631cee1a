import type { LayeredCache } from '@ashlar/cache';
import type { Clock, Freshness } from '@ashlar/domain';
import type { Reads } from '@ashlar/postgres';
import type { ProductReads } from '../../application/ports/product-reads.interface.ts';
import type { Product } from '../../domain/entities/product.entity.ts';
import type { ListedProduct, ProductFilter } from '../../domain/repositories/product.repository.interface.ts';
import { findRow, listProducts } from '../repositories/product.queries.ts';
import type { ProductChanges } from '../repositories/product.repository.impl.ts';
import { type ProductRow, toProduct } from '../repositories/product.row-mapper.ts';

export interface CachedProductReadsOptions {
  readonly reads: Pick<Reads, 'at'>;
  readonly cache: LayeredCache<ProductRow>;
  /** The copies that all replicas read: they are told of a change before it is committed. */
  readonly shared?: { comes(id: string, version: number): void };
  readonly clock: Clock;
}

/** Longer than a replica is ever behind that is read. */
const REMEMBERED_MS = 1_000;

/**
 * Reads through a cache, and below it from replicas of the database. The cache forgets a product at each change; and
 * for a moment such a product is read on the primary, since a replica may not know better yet.
 */
export class CachedProductReads implements ProductReads, ProductChanges {
  readonly #changedAt = new Map<string, number>();

  constructor(private readonly options: CachedProductReadsOptions) {}

  changing(id: string, version: number): void {
    this.options.shared?.comes(id, version);
  }

  changed(id: string, version: number): void {
    const now = this.#now();
    for (const [old, at] of this.#changedAt) {
      if (now - at < REMEMBERED_MS) break;
      this.#changedAt.delete(old);
    }
    this.#changedAt.delete(id);
    this.#changedAt.set(id, now);
    void this.options.cache.invalidate(id, version);
  }

  async find(id: string, freshness: Freshness): Promise<Product | undefined> {
    const { reads, cache } = this.options;
    const row = await (freshness === 'any'
      ? cache.get(id, () => findRow(reads.at(this.#isRecent(this.#changedAt.get(id)) ? 'latest' : 'any'), id))
      : findRow(reads.at(freshness), id));
    return row && toProduct(row);
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
