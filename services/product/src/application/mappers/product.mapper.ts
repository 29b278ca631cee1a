import type { Product } from '../../domain/entities/product.entity.ts';
import type { ProductResponseDTO } from '../dtos/product.dto.ts';

export class ProductMapper {
  toResponseDTO({ state }: Product): ProductResponseDTO {
    const { id, sku, name, description, category, price, status, version, createdAt, updatedAt } = state;
    return { id, sku, name, description, category, price, status, version, createdAt, updatedAt };
  }
}
