import { ProductRestated, ProductsRestated, RestateProducts } from '@ashlar/contracts/product';
import type { Outbox } from '@ashlar/messaging';
import type { Restatement } from '@ashlar/projection';

/** The product service says its products again when it is asked. */
export const catalogueRestatement = (outbox: Outbox): Restatement => ({
  outbox,
  request: RestateProducts,
  fact: ProductRestated,
  told: ProductsRestated,
});
