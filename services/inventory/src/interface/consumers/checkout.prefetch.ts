import { ReserveStock } from '@ashlar/contracts/inventory';
import { dataOf, type Message } from '@ashlar/messaging';
import type { InventoryApplication } from '../../application/inventory.application.ts';

/** What a batch of messages will need. */
export const checkoutPrefetch =
  ({ prefetchStock }: InventoryApplication) =>
  (orderIds: readonly string[], messages: readonly Message[]) =>
    prefetchStock.execute({ orderIds, lines: dataOf(ReserveStock, messages).flatMap(({ lines }) => lines) });
