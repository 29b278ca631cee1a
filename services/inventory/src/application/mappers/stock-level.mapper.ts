import type { StockLevel } from '../../domain/entities/stock-level.entity.ts';
import type { StockLevelResponseDTO } from '../dtos/stock-level.dto.ts';

export class StockLevelMapper {
  toResponseDTO({ state: { productId, onHand, reserved }, available }: StockLevel): StockLevelResponseDTO {
    return { productId, onHand, reserved, available };
  }
}
