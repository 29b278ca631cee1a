import { ProductArchived, ProductChanged, ProductCreated, ProductRestated } from '@ashlar/contracts/product';
import { on } from '@ashlar/messaging';
import type { OrderApplication } from '../../application/order.application.ts';

/** Whenever a product changes, so does our replica of it. */
export const cataloguePolicy = ({ updateCatalogue }: OrderApplication) => [
  on(ProductCreated, ({ data }) => updateCatalogue.execute({ ...data, id: data.productId, archived: false })),
  on(ProductChanged, ({ data }) => updateCatalogue.execute({ ...data, id: data.productId, archived: false })),
  on(ProductArchived, ({ data }) => updateCatalogue.execute({ ...data, id: data.productId, archived: true })),
  on(ProductRestated, ({ data }) => updateCatalogue.execute({ ...data, id: data.productId })),
];
