import { deepStrictEqual } from 'node:assert/strict';
import type { Database } from '@ashlar/postgres';
import type { TripCount } from '@ashlar/postgres/contract-suites';
import type { Contract } from './contract.ts';
import { aMessage } from './messaging.fixtures.ts';
import type { ConsumerDefinition } from './subscription.ts';

export interface BatchOptions {
  readonly db: Database;
  readonly trips: TripCount;
  readonly consumer: ConsumerDefinition;
}

/**
 * How many round trips a batch takes beside those for its inbox: what it will need is fetched at once, and its
 * handlers ask for nothing more.
 */
export async function tripsOfBatch(
  { db, trips, consumer }: BatchOptions,
  contract: Contract,
  data: readonly { readonly orderId: string }[],
): Promise<number> {
  const messages = data.map((one) => aMessage(one.orderId, 1, { contract, data: one }).message);
  const subscription = consumer.subscriptions.find((one) => one.contract.type === contract.type)!;
  return trips.of(() =>
    db.transaction(async () => {
      await consumer.prefetch?.(
        messages.map(({ subject }) => subject),
        messages,
      );
      const asked = await trips.of(async () => {
        for (const message of messages) await subscription.handle(message);
      });
      deepStrictEqual(asked, 0, 'A handler has asked for something that was not fetched ahead.');
    }),
  );
}
