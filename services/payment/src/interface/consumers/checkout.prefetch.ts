import { inChoreography } from '@ashlar/contracts/checkout';
import { OrderCreated } from '@ashlar/contracts/order';
import { ReservePayment } from '@ashlar/contracts/payment';
import { dataOf, type Message } from '@ashlar/messaging';
import type { PaymentApplication } from '../../application/payment.application.ts';

/** What a batch of messages will need. */
export const checkoutPrefetch =
  ({ prefetchPayments }: PaymentApplication) =>
  (orderIds: readonly string[], messages: readonly Message[]) => {
    const asked = dataOf(ReservePayment, messages).map(({ userId, amount }) => ({ userId, ...amount }));
    const created = dataOf(OrderCreated, messages).filter(inChoreography);
    return prefetchPayments.execute({
      orderIds,
      owners: [...asked, ...created.map(({ userId, total }) => ({ userId, ...total }))],
    });
  };
