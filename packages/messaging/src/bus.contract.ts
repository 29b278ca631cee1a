import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '@ashlar/postgres';
import type { Bus, Delivery } from './bus.ts';
import { nameOf } from './hand-bus.fixtures.ts';
import { aMessage, OrderAnswered, SOURCE } from './messaging.fixtures.ts';

export interface BusContractOptions {
  /** A bus of its own for each test; it is closed by `t.after`. */
  readonly makeBus: (t: TestContext) => Promise<Bus>;
  readonly skip?: string | false;
}

/** Somebody who listens to a channel and acknowledges only when told to. */
function aListener(bus: Bus, { consumer = 'desk', channels = ['shop.events'] } = {}) {
  const deliveries: Delivery[] = [];
  const { close } = bus.subscribe({ consumer, channels, deliver: (delivery) => deliveries.push(delivery) });
  return {
    deliveries,
    close,
    get names() {
      return deliveries.map(nameOf);
    },
    acknowledge() {
      for (const delivery of deliveries) delivery.ack();
    },
    hears: (count: number) =>
      eventually(`${consumer} hears ${count}`, () => new Set(deliveries.map(nameOf)).size >= count),
  };
}

/** What every bus promises, whatever carries it: at least once, in any order, nothing forgotten. */
export function busContract(name: string, options: BusContractOptions): void {
  deliveryContract(name, options);
  acknowledgementContract(name, options);
  sourceContract(name, options);
}

function deliveryContract(name: string, { makeBus, skip = false }: BusContractOptions): void {
  test(`${name}: a message reaches every consumer of its channel, unchanged, and no other`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const [desk, audit] = [aListener(bus), aListener(bus, { consumer: 'audit' })];
    const elsewhere = aListener(bus, { consumer: 'elsewhere', channels: ['desk.events'] });
    const parcel = aMessage('k', 1);
    const published = bus.publish([parcel]);
    await Promise.all([desk.hears(1), audit.hears(1)]);
    for (const listener of [desk, audit]) {
      const { channel, message } = listener.deliveries[0]!;
      deepStrictEqual({ channel, message }, parcel);
      listener.acknowledge();
    }
    await published;
    strictEqual(elsewhere.deliveries.length, 0);
  });

  test(`${name}: all messages of one publication arrive, each on its channel`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const both = aListener(bus, { channels: ['shop.events', 'desk.events'] });
    const answer = aMessage('k', 1, { contract: OrderAnswered });
    const published = bus.publish([aMessage('a', 1), aMessage('a', 2), aMessage('b', 1), answer]);
    await both.hears(4);
    both.acknowledge();
    await published;
    deepStrictEqual([...new Set(both.names)].sort(), ['a/1', 'a/2', 'b/1', 'k/1']);
    strictEqual(both.deliveries.find(({ message }) => message.id === answer.message.id)?.channel, 'desk.events');
  });

  test(`${name}: publishing nothing is nothing`, { skip }, async (t) => {
    await (await makeBus(t)).publish([]);
  });

  test(`${name}: a message that nobody listens for holds nobody up`, { skip }, async (t) => {
    await (await makeBus(t)).publish([aMessage('k', 1)]);
  });

  test(`${name}: a consumer that has closed hears nothing more`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const [gone, here] = [aListener(bus, { consumer: 'gone' }), aListener(bus)];
    gone.close();
    void bus.publish([aMessage('k', 1)]);
    await here.hears(1);
    strictEqual(gone.deliveries.length, 0);
  });
}

function acknowledgementContract(name: string, { makeBus, skip = false }: BusContractOptions): void {
  test(`${name}: what a consumer has not acknowledged is not forgotten when it goes`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const first = aListener(bus);
    let answered = false;
    void bus.publish([aMessage('k', 1)]).then(() => {
      answered = true;
    });
    await first.hears(1);
    first.close();
    const next = aListener(bus);
    await eventually('the bus hears itself', async () => {
      const probe = bus.publish([aMessage('probe', 1)]);
      await next.hears(1);
      next.acknowledge();
      await probe;
      return true;
    });
    ok(!answered || next.names.includes('k/1'), 'The bus has answered for a message that nobody has.');
  });

  test(`${name}: an acknowledgement that is repeated changes nothing`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const [desk, audit] = [aListener(bus), aListener(bus, { consumer: 'audit' })];
    const published = bus.publish([aMessage('k', 1)]);
    await Promise.all([desk.hears(1), audit.hears(1)]);
    desk.acknowledge();
    desk.acknowledge();
    audit.acknowledge();
    await published;
  });
}

function sourceContract(name: string, { makeBus, skip = false }: BusContractOptions): void {
  test(`${name}: a gap is asked of the source that answers for it`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const gap = { source: SOURCE, channel: 'shop.events', key: 'k', from: 2, to: 4 };
    const asked: unknown[] = [];
    bus.onRepair('/services/other', async () => 99);
    bus.onRepair(SOURCE, async (given) => {
      asked.push(given);
      return 3;
    });
    strictEqual(await bus.repair(gap), 3);
    deepStrictEqual(asked, [gap]);
    await rejects(bus.repair({ ...gap, source: '/services/nobody' }));
  });

  test(`${name}: a consumer that is new on a channel has every source send it again`, { skip }, async (t) => {
    const bus = await makeBus(t);
    const desk = aListener(bus);
    for (const source of ['one', 'two'])
      bus.onReplay(source, async (channel) => void bus.publish([kept(source, channel)]));
    const replayed = bus.replay('shop.events');
    await desk.hears(2);
    desk.acknowledge();
    await replayed;
    deepStrictEqual([...new Set(desk.names)].sort(), ['one/1', 'two/1']);
  });
}

const kept = (key: string, channel: string) => ({ ...aMessage(key, 1), channel });
