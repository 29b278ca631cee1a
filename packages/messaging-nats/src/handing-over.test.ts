import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Claim, Parcel, Tenant } from '@ashlar/messaging';
import { aMessage } from '@ashlar/messaging/contract-suites';
import { eventually } from '@ashlar/postgres';
import { aNatsBus, natsMissing } from './nats.fixtures.ts';
import type { NatsBus } from './nats-bus.ts';

const skip = natsMissing;

/** All of the key `k` are in this partition. */
const NAME = 'desk shop.events 0';
const numbersOf = (heard: readonly Parcel[]) => heard.map(({ message }) => Number(message.sequence));

/** A replica that has a partition, and acknowledges nothing. */
function aHolder(t: TestContext, bus: NatsBus, withdraw: () => Promise<void> = async () => {}) {
  const heard: Parcel[] = [];
  const claim = { name: NAME, epoch: 1, isOver: false, isHeld: true, isAfterAbsence: false };
  let tenant: Tenant | undefined;
  const sharing = {
    share: (_: string, __: readonly string[], given: Tenant) => {
      tenant = given;
      return async () => {};
    },
  };
  const deliver = (parcel: Parcel) => void heard.push(parcel);
  const subscription = bus.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver, withdraw, sharing });
  t.after(() => subscription.close());
  tenant!.gained(claim as Claim);
  return { heard, claim, lose: () => tenant!.lost(claim as Claim) };
}

/** Whoever has the partition next: it acknowledges what it hears. */
function aSuccessor(t: TestContext, bus: NatsBus): Parcel[] {
  const heard: Parcel[] = [];
  const deliver = (delivery: Parcel & { ack(): void }) => {
    heard.push(delivery);
    delivery.ack();
  };
  const subscription = bus.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver });
  t.after(() => subscription.close());
  return heard;
}

test('schedule 3.11: what is being handled goes to the successor only when it is handled no more', {
  skip,
}, async (t) => {
  const bus = await aNatsBus(t);
  const gate = Promise.withResolvers<void>();
  const holder = aHolder(t, bus, () => gate.promise);
  await bus.publish([aMessage('k', 1)]);
  await eventually('it is being handled', () => holder.heard.length === 1);
  const losing = holder.lose();
  const successor = aSuccessor(t, bus);
  await bus.publish([aMessage('k', 2)]);
  await eventually('the next one goes to the successor', () => successor.length > 0);
  deepStrictEqual(numbersOf(successor), [2]);
  gate.resolve();
  await losing;
  await eventually('so does the first', () => successor.length === 2);
  deepStrictEqual(numbersOf(successor), [2, 1]);
});

test('schedule 3.11: who cannot renew its claim takes nothing more, and lets others have it', { skip }, async (t) => {
  const bus = await aNatsBus(t);
  const holder = aHolder(t, bus);
  await bus.publish([aMessage('k', 1)]);
  await eventually('it hears', () => holder.heard.length === 1);
  holder.claim.isHeld = false;
  await bus.publish([aMessage('k', 2)]);
  const successor = aSuccessor(t, bus);
  await eventually('the successor hears', () => numbersOf(successor).includes(2));
  strictEqual(holder.heard.length, 1);
});
