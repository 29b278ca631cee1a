import type { StockLevel } from '../entities/stock-level.entity.ts';

export interface StockLevelRepository {
  find(productId: string): Promise<StockLevel | undefined>;
  findMany(productIds: readonly string[]): Promise<ReadonlyMap<string, StockLevel>>;

  /**
   * Throws ConcurrencyError, at the end of the transaction, if someone else has changed the level since it was loaded.
   */
  save(level: StockLevel): Promise<void>;
}
