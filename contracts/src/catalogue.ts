import type { Contract } from '@ashlar/messaging';
import * as inventory from './inventory.ts';
import * as order from './order.ts';
import * as payment from './payment.ts';
import * as product from './product.ts';
import * as shipping from './shipping.ts';
import * as user from './user.ts';

/** Every contract, by the service that owns it: whose events these are, and who is asked by these commands. */
export const catalogue: Readonly<Record<string, readonly Contract[]>> = {
  user: Object.values(user),
  product: Object.values(product),
  inventory: Object.values(inventory),
  payment: Object.values(payment),
  order: Object.values(order),
  shipping: Object.values(shipping),
};
