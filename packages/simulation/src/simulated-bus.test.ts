import { deepStrictEqual, notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Bus, Delivery, Parcel } from '@ashlar/messaging';
import { busContract } from '@ashlar/messaging/contract-suites';
import { eventually } from '@ashlar/postgres';
import type { FaultRates } from './faults.ts';
import { SimulatedBroker } from './simulated-bus.ts';
import { aSimulatedPlatform, type StandalonePlatform } from './standalone-platform.ts';

interface Stage {
  readonly broker: SimulatedBroker;
  readonly platform: StandalonePlatform;
  readonly bus: Bus;
}

function aStage(t: TestContext, faults: Partial<FaultRates> = {}, seed = 1): Stage {
  const platform = aSimulatedPlatform(t, { seed, faults });
  const broker = new SimulatedBroker(platform.world);
  return { broker, platform, bus: broker.connect(platform.instance) };
}

const TROUBLES: Readonly<Record<string, Partial<FaultRates>>> = {
  'simulated bus': {},
  'simulated bus that doubles': { duplicate: 1 },
  'simulated bus that reorders': { reorder: 0.5 },
  'simulated bus that loses and doubles': { drop: 0.5, duplicate: 0.5, reorder: 0.5 },
};

for (const [name, faults] of Object.entries(TROUBLES))
  busContract(name, { makeBus: async (t) => aStage(t, faults).bus });

const aParcel = (sequence: number): Parcel => ({
  channel: 'shop.events',
  message: {
    specversion: '1.0',
    id: `message ${sequence}`,
    source: '/services/shop',
    type: 'shop.OrderPlaced.v1',
    subject: 'k',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    dataschema: 'urn:ashlar:schema:shop.OrderPlaced.v1',
    partitionkey: 'k',
    sequence: String(sequence).padStart(20, '0'),
    traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
    correlationid: 'test',
    data: {},
  },
});

const parcels = Array.from({ length: 20 }, (_, index) => aParcel(index + 1));

/** Hears everything, and acknowledges where `isAcknowledged`. */
function listen(bus: Bus, isAcknowledged = (_: Delivery, __: number) => true): string[] {
  const heard: string[] = [];
  const deliver = (delivery: Delivery) => {
    heard.push(delivery.message.id);
    if (isAcknowledged(delivery, heard.length)) delivery.ack();
  };
  bus.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver });
  return heard;
}

const ids = parcels.map(({ message }) => message.id);

test('without faults each message is heard once', async (t) => {
  const { broker, bus } = aStage(t);
  const heard = listen(bus);
  await bus.publish(parcels);
  await eventually('all are acknowledged', () => broker.open === 0);
  deepStrictEqual(heard.toSorted(), ids.toSorted());
});

test('messages are heard more often, in another order, or later, as the faults say; never less', async (t) => {
  for (const faults of [{ duplicate: 1 }, { reorder: 1 }, { drop: 0.7 }]) {
    const { broker, platform, bus } = aStage(t, faults);
    const heard = listen(bus);
    await bus.publish(parcels);
    await eventually('all are acknowledged', () => broker.open === 0);
    await platform.passes(10_000);
    deepStrictEqual([...new Set(heard)].sort(), ids.toSorted());
    strictEqual(heard.length > ids.length, 'duplicate' in faults);
    if ('reorder' in faults) notStrictEqual(heard.join(), ids.join());
  }
});

test('what nobody acknowledges comes again, for as long as it takes', async (t) => {
  const { broker, platform, bus } = aStage(t);
  const heard = listen(bus, (_, count) => count === 4);
  await bus.publish([parcels[0]!]);
  await platform.passes(60_000);
  deepStrictEqual([heard.length, broker.open], [4, 0]);
});

test('what is published while the consumer is away waits for its return', async (t) => {
  const { broker, platform, bus } = aStage(t);
  const first = listen(bus);
  await bus.publish([parcels[0]!]);
  await eventually('it is heard', () => broker.open === 0);
  platform.instance.die('killed');
  const next = broker.connect(platform.another().instance);
  await next.publish([parcels[1]!]);
  await platform.passes(10_000);
  deepStrictEqual([first, broker.open], [[ids[0]], 1]);
  const heard = listen(next);
  await eventually('it is heard', () => broker.open === 0);
  deepStrictEqual(heard, [ids[1]]);
});

test('an acknowledgement of an instance that has died since does not count', async (t) => {
  const { broker, platform, bus } = aStage(t);
  const deliveries: Delivery[] = [];
  bus.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver: (one) => deliveries.push(one) });
  await bus.publish([parcels[0]!]);
  await eventually('it is heard', () => deliveries.length > 0);
  platform.instance.die('killed');
  deliveries[0]!.ack();
  strictEqual(broker.open, 1);
});

test('a publication without an answer is taken, or it is not', async (t) => {
  const outcomes = new Set<number>();
  for (let seed = 1; seed <= 8; seed++) {
    const { broker, bus } = aStage(t, { lostAnswer: 1 }, seed);
    listen(bus, () => false);
    await rejects(bus.publish([parcels[0]!]), /has not answered/);
    outcomes.add(broker.open);
  }
  deepStrictEqual([...outcomes].sort(), [0, 1]);
});
