import type { OrderState } from '../../domain/entities/order.entity.ts';
import type { OrderResponseDTO } from '../dtos/order.dto.ts';

export class OrderMapper {
  toResponseDTO({ version: _, currency: __, saga: ___, ...visible }: OrderState): OrderResponseDTO {
    return visible;
  }
}
