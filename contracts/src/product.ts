import { event } from '@ashlar/messaging';
import Type from 'typebox';
import { Money } from './money.ts';

const Product = Type.Object({
  productId: Type.String(),
  sku: Type.String(),
  name: Type.String(),
  price: Money,
  version: Type.Integer(),
});

export const ProductCreated = event('product.ProductCreated.v1', Product);
export const ProductChanged = event('product.ProductChanged.v1', Product);
export const ProductArchived = event('product.ProductArchived.v1', Product);
