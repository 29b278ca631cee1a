import type { Money } from '@ashlar/domain';
import type { ProductStatus } from '../../domain/entities/product.entity.ts';
import type { ListPosition } from '../../domain/repositories/product.repository.interface.ts';

/** A product as clients see it. */
export interface ProductResponseDTO {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly price: Money;
  readonly status: ProductStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ListedProductDTO {
  readonly product: ProductResponseDTO;
  readonly position: ListPosition;
}
