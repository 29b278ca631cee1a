import type { Transactions } from '@ashlar/domain';
import { StockLevel } from '../../domain/entities/stock-level.entity.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';
import type { AdjustmentLog } from '../ports/adjustment-log.interface.ts';

/** A product is new: it gets its place in the warehouse, with what is there of it from the beginning. */
export class StockProductUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly levels: StockLevelRepository,
    private readonly adjustments: AdjustmentLog,
    private readonly openingStock: ReadonlyMap<string, number>,
  ) {}

  async execute({ productId }: { productId: string }): Promise<void> {
    await this.transactions.transaction(async () => {
      if (await this.levels.find(productId)) return;
      const level = StockLevel.empty(productId);
      const delta = this.openingStock.get(productId) ?? 0;
      if (delta > 0) {
        level.adjust(delta);
        await this.adjustments.add({ productId, delta, reason: 'Opening stock', adjustedBy: 'system' });
      }
      await this.levels.save(level);
    });
  }
}
