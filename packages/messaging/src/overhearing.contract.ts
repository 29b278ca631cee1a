import { deepStrictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '@ashlar/postgres';
import type { Bus, Delivery, Overhearing } from './bus.ts';
import { nameOf } from './hand-bus.fixtures.ts';
import type { Parcel } from './message.ts';
import { aMessage, OrderAnswered } from './messaging.fixtures.ts';

export interface OverhearingContractOptions {
  /** A bus of its own for each test; it is closed by `t.after`. */
  readonly makeBus: (t: TestContext) => Promise<Bus & Overhearing>;
  readonly skip?: string | false;
}

/** What is promised to whoever only listens: what is said, as it is said, and nothing else. */
export function overhearingContract(name: string, { makeBus, skip = false }: OverhearingContractOptions): void {
  test(`${name}: everybody who listens hears what is said on the channel, whoever else reads it`, {
    skip,
  }, async (t) => {
    const bus = await makeBus(t);
    const heard: Parcel[][] = [[], []];
    const stops = heard.map((own) => bus.overhear(['shop.events'], (parcel) => own.push(parcel)));
    const reader = bus.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver: ({ ack }) => ack() });
    const parcel = aMessage('k', 1);
    await bus.publish([aMessage('k', 1, { contract: OrderAnswered }), parcel]);
    await eventually('both have heard it', () => heard.every((own) => own.length > 0));
    deepStrictEqual(heard, [[parcel], [parcel]]);
    stops[0]!();
    await bus.publish([aMessage('k', 2)]);
    await eventually('the other one goes on', () => heard[1]!.length > 1);
    deepStrictEqual(heard[0]!.map(nameOf), [nameOf(parcel)]);
    stops[1]!();
    await reader.close();
  });

  test(`${name}: nobody waits for whoever only listens`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const stop = bus.overhear(['shop.events'], () => {});
    await bus.publish([aMessage('k', 1)]);
    stop();
  });

  test(`${name}: whoever fails at listening disturbs nobody, and goes on hearing`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const [heard, read]: [Parcel[], Parcel[]] = [[], []];
    const stop = bus.overhear(['shop.events'], (parcel) => {
      heard.push(parcel);
      throw new Error('A listener fails.');
    });
    const deliver = ({ ack, channel, message }: Delivery) => {
      read.push({ channel, message });
      ack();
    };
    const reader = bus.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver });
    for (const n of [1, 2]) await bus.publish([aMessage('k', n)]);
    await eventually('both are heard and read', () => heard.length === 2 && read.length === 2);
    stop();
    await reader.close();
  });
}
