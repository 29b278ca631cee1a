import { command, event } from '@ashlar/messaging';
import Type from 'typebox';
import { Money } from './money.ts';

const Product = Type.Object({
  productId: Type.String(),
  sku: Type.String(),
  name: Type.String(),
  price: Money,
  version: Type.Integer(),
});

/** Asks for every product, as `ProductRestated`: in portions, each of which asks for the next one. */
export const RestateProducts = command(
  'product.RestateProducts.v1',
  Type.Object({ requestId: Type.String(), after: Type.Optional(Type.String()), count: Type.Optional(Type.Integer()) }),
  { key: 'requestId' },
);

export const ProductCreated = event('product.ProductCreated.v1', Product, { key: 'productId' });
export const ProductChanged = event('product.ProductChanged.v1', Product, { key: 'productId' });
export const ProductArchived = event('product.ProductArchived.v1', Product, { key: 'productId' });
/** What a product is now, said again because somebody has asked. */
export const ProductRestated = event(
  'product.ProductRestated.v1',
  Type.Object({ ...Product.properties, archived: Type.Boolean(), requestId: Type.String() }),
  { key: 'productId' },
);
/** So many products are said again for a request, before or after this. */
export const ProductsRestated = event(
  'product.ProductsRestated.v1',
  Type.Object({ requestId: Type.String(), count: Type.Integer() }),
  { key: 'requestId' },
);
