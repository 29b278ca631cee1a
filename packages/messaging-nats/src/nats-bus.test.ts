import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Delivery, Parcel } from '@ashlar/messaging';
import { aMessage, busContract, overhearingContract } from '@ashlar/messaging/contract-suites';
import { eventually } from '@ashlar/postgres';
import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Names, PARTITIONS, partitionOf } from './names.ts';
import { aNamespace, aNatsBus, natsMissing, natsUrl } from './nats.fixtures.ts';
import { connectNatsBus, type NatsBus } from './nats-bus.ts';

const skip = natsMissing;

busContract('NATS', { makeBus: (t) => aNatsBus(t), skip });
overhearingContract('NATS', { makeBus: (t) => aNatsBus(t), skip });

/** Acknowledges at once, or when it is told to. */
function aListener(t: TestContext, bus: NatsBus, { isDiligent = true } = {}) {
  const heard: Delivery[] = [];
  const deliver = (delivery: Delivery) => {
    heard.push(delivery);
    if (isDiligent) delivery.ack();
  };
  const subscription = bus.subscribe({ consumer: 'desk', channels: ['shop.events'], deliver });
  t.after(() => subscription.close());
  return { heard, subscription };
}

test('schedule 2.4: what is published again is no duplicate where it may be lost, and one where it is not', {
  skip,
}, async (t) => {
  const bus = await aNatsBus(t);
  const { heard } = aListener(t, bus);
  const parcel = aMessage('k', 1);
  for (let times = 0; times < 3; times++) await bus.publish([parcel]);
  await bus.publish([parcel], { isRepeated: true });
  await bus.publish([parcel], { isRepeated: true });
  await bus.publish([aMessage('k', 2)]);
  await eventually('the last one is heard', () => heard.some(({ message }) => Number(message.sequence) === 2));
  strictEqual(heard.filter(({ message }) => message.id === parcel.message.id).length, 3);
});

test('what is no message at all is told as an error to whoever overhears, and ends nothing', { skip }, async (t) => {
  const errors: unknown[] = [];
  const namespace = aNamespace();
  const bus = await aNatsBus(t, { namespace, onError: (error) => errors.push(error) });
  const heard: Parcel[] = [];
  const stop = bus.overhear(['shop.events'], (parcel) => heard.push(parcel));
  await bus.publish([aMessage('k', 1)]);
  await eventually('it listens', () => heard.length === 1);
  const stranger = await connect({ servers: natsUrl });
  stranger.publish(`${namespace}.shop.events.0.garbage`, 'garbage {');
  await stranger.drain();
  await eventually('it is told', () => errors.length > 0);
  await bus.publish([aMessage('k', 2)]);
  await eventually('the next one is heard', () => heard.length === 2);
  stop();
});

test('schedule 2.1: what was stored is held only where it was stored, and not where another has its place', {
  skip,
}, async (t) => {
  const bus = await aNatsBus(t);
  const [first, second] = [aMessage('k', 1), aMessage('k', 2)];
  await bus.publish([first]);
  await bus.publish([second], { isRepeated: true });
  const [receipt] = bus.custody.newest(second.message.source);
  deepStrictEqual(receipt, { channel: 'shop.events', place: 2, id: second.message.id });
  const isHeld = (id: string, place: number) => bus.custody.holds({ channel: 'shop.events', place, id });
  const asked = [isHeld(first.message.id, 1), isHeld(second.message.id, 2), isHeld(first.message.id, 2)];
  deepStrictEqual(await Promise.all([...asked, isHeld(second.message.id, 3)]), [true, true, false, false]);
});

test('schedule 2.5: a stream that is full refuses, and drops nothing that nobody has heard', { skip }, async (t) => {
  const bus = await aNatsBus(t, { maxBytes: 10_000 });
  const stored: Parcel[] = [];
  await rejects(async () => {
    for (let n = 1; n <= 100; n++) {
      const parcel = aMessage('k', n);
      await bus.publish([parcel]);
      stored.push(parcel);
    }
  }, /maximum bytes exceeded/);
  ok(stored.length > 5);
  const { heard } = aListener(t, bus);
  await eventually('all that were stored are heard', () => heard.length >= stored.length);
  deepStrictEqual(
    heard.map(({ message }) => message.id),
    stored.map(({ message }) => message.id),
  );
});

test('a consumer has caught up when all that was published before is acknowledged, on every partition', {
  skip,
}, async (t) => {
  const bus = await aNatsBus(t);
  const { heard, subscription } = aListener(t, bus, { isDiligent: false });
  await bus.publish(Array.from({ length: 30 }, (_, n) => aMessage(`k${n}`, 1)));
  let hasCaughtUp = false;
  const catchingUp = subscription.caughtUp().then(() => {
    hasCaughtUp = true;
  });
  await eventually('all are heard', () => heard.length === 30);
  for (const { ack } of heard.slice(1)) ack();
  await bus.publish([aMessage('later', 1)]);
  await eventually('what was said later is heard', () => heard.length === 31);
  strictEqual(hasCaughtUp, false, 'One is missing.');
  heard[0]!.ack();
  await catchingUp;
  for (const { ack } of heard) ack();
  await subscription.caughtUp();
});

async function remove(stream: string): Promise<void> {
  const connection = await connect({ servers: natsUrl });
  await (await jetstreamManager(connection)).streams.delete(stream);
  await connection.close();
}

test('a stream that somebody deletes is made again with its durables, and what is said next is heard', {
  skip,
}, async (t) => {
  const namespace = aNamespace();
  const bus = await aNatsBus(t, { namespace });
  const { heard } = aListener(t, bus);
  await bus.publish([aMessage('k', 1)]);
  await eventually('it is heard', () => heard.length === 1);
  const names = new Names(namespace);
  await remove(names.stream('shop.events'));
  await eventually('the stream is there again', () =>
    bus.publish([aMessage('k', 2)]).then(
      () => true,
      () => false,
    ),
  );
  await eventually('the next is heard', () => heard.some(({ message }) => Number(message.sequence) === 2));
});

test('many who need the same streams at the same time make each of them once', { skip }, async (t) => {
  const namespace = aNamespace();
  const buses = await Promise.all(Array.from({ length: 8 }, () => aNatsBus(t, { namespace })));
  const errors: unknown[] = [];
  for (let n = 1; n <= 100; n++) {
    const parcel = { ...aMessage('k', n), channel: `shop-${n}.events` };
    const published = buses.map((bus) => bus.publish([parcel]).catch((error) => errors.push(error)));
    await Promise.all(published);
  }
  // A stream that another one is just making may not listen yet: the outbox says it again.
  deepStrictEqual(
    errors.filter((error) => error instanceof JetStreamApiError),
    [],
  );
});

test('schedule 2.5: what is never acknowledged comes again, however often it has come', { skip }, async (t) => {
  const bus = await aNatsBus(t);
  await bus.publish([aMessage('k', 1)]);
  for (let times = 1; times <= 6; times++) {
    const { heard, subscription } = aListener(t, bus, { isDiligent: false });
    await eventually(`it comes for the ${times}th time`, () => heard.length > 0);
    await subscription.close();
  }
});

test('what is no message of ours holds up nobody', { skip }, async (t) => {
  const namespace = aNamespace();
  const errors: unknown[] = [];
  const bus = await aNatsBus(t, { namespace, onError: (error) => errors.push(error) });
  const { heard, subscription } = aListener(t, bus);
  const parcel = aMessage('k', 1);
  await bus.publish([parcel]);
  const connection = await connect({ servers: natsUrl });
  connection.publish(new Names(namespace).subject('shop.events', parcel.message), 'no JSON');
  await connection.drain();
  await eventually('it is told', () => errors.length === 1);
  await bus.publish([aMessage('k', 2)]);
  await eventually('the next of its partition is heard', () => heard.length === 2);
  let hasCaughtUp = false;
  const looking = subscription.caughtUp().then(() => {
    hasCaughtUp = true;
  });
  await eventually('it does not count as missing', () => hasCaughtUp);
  await looking;
});

test('all of a line are in one partition, and lines are in all of them', () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => `key ${n}`);
  const found = Map.groupBy(keys, (key) => partitionOf('/services/shop', key));
  deepStrictEqual(
    [...found.keys()].toSorted(),
    Array.from({ length: PARTITIONS }, (_, partition) => partition),
  );
  ok([...found.values()].every((all) => all.length > 80 && all.length < 170));
  strictEqual(partitionOf('/services/shop', 'k'), 0, 'It must never change: lines would change places.');
});

test('a server that cannot be reached, or a namespace that says something to it, is refused at once', async () => {
  await rejects(connectNatsBus({ url: 'nats://127.0.0.1:1', namespace: 'x', replica: 'one' }));
  throws(() => new Names('a.b'), /letters, digits and hyphens/);
});
