import { UserErased } from '@ashlar/contracts/user';
import { on } from '@ashlar/messaging';
import type { OrderApplication } from '../../application/order.application.ts';

/** Whenever a user has gone, so has the key of their addresses. */
export const userPolicy = ({ eraseUser }: OrderApplication) => [on(UserErased, ({ data }) => eraseUser.execute(data))];
