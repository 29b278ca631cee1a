import { InventoryError } from '../../domain/errors/inventory.errors.ts';
import type { StockLevelRepository } from '../../domain/repositories/stock-level.repository.interface.ts';
import type { StockLevelResponseDTO } from '../dtos/stock-level.dto.ts';
import type { StockLevelMapper } from '../mappers/stock-level.mapper.ts';

export class GetStockUseCase {
  constructor(
    private readonly levels: StockLevelRepository,
    private readonly mapper: StockLevelMapper,
  ) {}

  async execute(productId: string): Promise<StockLevelResponseDTO> {
    const level = await this.levels.find(productId);
    if (!level) throw InventoryError.unknownProduct(productId);
    return this.mapper.toResponseDTO(level);
  }
}
