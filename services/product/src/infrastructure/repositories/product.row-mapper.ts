import { Product, type ProductState } from '../../domain/entities/product.entity.ts';

/** A product's columns, with times as JSON has them. */
export interface ProductColumns extends Omit<ProductState, 'id' | 'version' | 'createdAt' | 'updatedAt'> {
  readonly createdAt: string | Date;
  readonly updatedAt: string | Date;
}

export interface ProductRow {
  readonly id: string;
  readonly version: number;
  readonly state: ProductColumns;
}

/** The columns as one JSON object. */
export const COLUMNS = `json_build_object('sku', sku, 'name', name, 'description', description, 'category', category,
  'price', json_build_object('amount', amount, 'currency', currency), 'status', status,
  'createdAt', created_at, 'updatedAt', updated_at)`;

export const toProduct = ({ id, version, state }: ProductRow): Product =>
  Product.restore({
    ...state,
    id,
    version,
    createdAt: new Date(state.createdAt),
    updatedAt: new Date(state.updatedAt),
  });
