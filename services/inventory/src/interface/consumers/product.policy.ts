import { ProductCreated } from '@ashlar/contracts/product';
import { on } from '@ashlar/messaging';
import type { InventoryApplication } from '../../application/inventory.application.ts';

/** Whenever a product is new, it gets its place in the warehouse. */
export const productPolicy = ({ stockProduct }: InventoryApplication) => [
  on(ProductCreated, ({ data }) => stockProduct.execute(data)),
];
