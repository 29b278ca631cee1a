import { UserErased } from '@ashlar/contracts/user';
import { on } from '@ashlar/messaging';
import type { ShippingApplication } from '../../application/shipping.application.ts';

/** Whenever a user has gone, nobody may know the addresses any more. */
export const userPolicy = ({ eraseUser }: ShippingApplication) => [
  on(UserErased, ({ data }) => eraseUser.execute(data)),
];
