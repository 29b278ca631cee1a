import { RestateProducts } from '@ashlar/contracts/product';
import { on } from '@ashlar/messaging';
import type { ProductApplication } from '../../application/product.application.ts';

/** What others may ask of this service by message. */
export const productCommands = ({ restateProducts }: ProductApplication) => [
  on(RestateProducts, ({ data }) => restateProducts.execute(data)),
];
