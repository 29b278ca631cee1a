import { UserErased } from '@ashlar/contracts/user';
import { on } from '@ashlar/messaging';
import type { PaymentApplication } from '../../application/payment.application.ts';

/** Whenever a user has left, empty accounts are closed. */
export const userPolicy = ({ closeAccounts }: PaymentApplication) => [
  on(UserErased, ({ data }) => closeAccounts.execute(data)),
];
