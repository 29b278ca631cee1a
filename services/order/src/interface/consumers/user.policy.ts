import { UserErased } from '@ashlar/contracts/user';
import { on } from '@ashlar/messaging';
import type { OrderApplication } from '../../application/order.application.ts';

/** Whenever a user has gone, so have name and address. */
export const userPolicy = ({ eraseUser }: OrderApplication) => [on(UserErased, ({ data }) => eraseUser.execute(data))];
