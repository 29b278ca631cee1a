import type { Transactions } from '@ashlar/domain';
import { InventoryError } from '../../domain/errors/inventory.errors.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';
import type { StockLevelResponseDTO } from '../dtos/stock-level.dto.ts';
import type { StockLevelMapper } from '../mappers/stock-level.mapper.ts';
import type { AdjustmentLog } from '../ports/adjustment-log.interface.ts';

export interface AdjustStock {
  readonly productId: string;
  readonly delta: number;
  readonly reason: string;
  readonly adjustedBy: string;
}

export class AdjustStockUseCase {
  constructor(
    private readonly transactions: Transactions,
    private readonly levels: StockLevelRepository,
    private readonly adjustments: AdjustmentLog,
    private readonly mapper: StockLevelMapper,
  ) {}

  async execute({ productId, ...adjustment }: AdjustStock): Promise<StockLevelResponseDTO> {
    return this.transactions.transaction(async () => {
      const level = await this.levels.find(productId);
      if (!level) throw InventoryError.unknownProduct(productId);
      level.adjust(adjustment.delta);
      await this.levels.save(level);
      await this.adjustments.add({ productId, ...adjustment });
      return this.mapper.toResponseDTO(level);
    });
  }
}
