import { ArrangeShipment } from '@ashlar/contracts/shipping';
import { dataOf, type Message } from '@ashlar/messaging';
import type { ShippingApplication } from '../../application/shipping.application.ts';

/** What a batch of messages will need. */
export const checkoutPrefetch =
  ({ prefetchShipments }: ShippingApplication) =>
  (orderIds: readonly string[], messages: readonly Message[]) =>
    prefetchShipments.execute({ orderIds, userIds: dataOf(ArrangeShipment, messages).map(({ userId }) => userId) });
