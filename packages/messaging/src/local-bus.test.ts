import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { busContract } from './bus.contract.ts';
import { LocalBus } from './local-bus.ts';
import { aMessage, type Desk, type Order, placed, realTimers, useMessaging } from './messaging.fixtures.ts';
import { overhearingContract } from './overhearing.contract.ts';

const skip = databaseMissing;
const setUp = useMessaging();

busContract('local bus', { makeBus: async () => new LocalBus() });
overhearingContract('local bus', { makeBus: async () => new LocalBus() });

const unpublished = async (desk: Desk) =>
  (await desk.db.query('select key from outbox where published_at is null')).map(({ key }) => key as string);

test('promise 1: on the local bus a row stays unpublished until every consumer has committed', { skip }, async (t) => {
  const desk = await setUp(t);
  const bus = new LocalBus();
  const gate = Promise.withResolvers<void>();
  const quick = desk.consumer((order) => desk.note(order, { consumer: 'quick' }), { bus, name: 'quick' });
  desk.consumer(
    async (order: Order) => {
      await gate.promise;
      await desk.note(order, { consumer: 'slow' });
    },
    { bus, name: 'slow' },
  );
  const publisher = desk.publisher({ bus });
  await publisher.start();
  await desk.outbox((rows) => publisher.publish(rows)).add([placed('k', 1)]);
  await quick.reached({ channel: 'shop.events', key: 'k' }, 1);
  desk.timers.advance(100);
  deepStrictEqual([await unpublished(desk), publisher.inFlight], [['k'], 1]);
  gate.resolve();
  await eventually('it is marked', async () => {
    desk.timers.advance(100);
    return (await unpublished(desk)).length === 0;
  });
  strictEqual((await desk.effects()).length, 2);
});

test('promise 1: one consumer that acknowledges twice does not answer for the other', async () => {
  const bus = new LocalBus();
  const acks: (() => void)[] = [];
  for (const consumer of ['quick', 'slow'])
    bus.subscribe({ consumer, channels: ['shop.events'], deliver: ({ ack }) => acks.push(ack) });
  let isDone = false;
  const published = bus.publish([aMessage('k', 1)]).then(() => {
    isDone = true;
  });
  const [quick, slow] = acks;
  quick!();
  quick!();
  await turn();
  strictEqual(isDone, false);
  slow!();
  await published;
});

test('promise 1: what is published once a consumer has left already is not answered for until it is back', async () => {
  const bus = new LocalBus();
  const heard: string[] = [];
  const subscribe = () =>
    bus.subscribe({
      consumer: 'desk',
      channels: ['shop.events'],
      deliver: ({ message, ack }) => {
        heard.push(message.subject);
        ack();
      },
    });
  await subscribe().close();
  let isAnswered = false;
  void bus.publish([aMessage('left', 1)]).then(() => {
    isAnswered = true;
  });
  subscribe();
  await bus.publish([aMessage('back', 1)]);
  deepStrictEqual([heard, isAnswered], [['back'], false]);
});

test('promise 1: a process that dies while its consumers work loses nothing and doubles nothing', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const dying = new LocalBus();
  const [entered, never] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = desk.publisher({ bus: dying });
  const done = desk.consumer((order) => desk.note(order, { consumer: 'done' }), { bus: dying, name: 'done' });
  const stuck = desk.consumer(
    async () => {
      entered.resolve();
      await never.promise;
    },
    { bus: dying, name: 'stuck', db: desk.pool() },
  );
  await first.start();
  await desk.outbox((rows) => first.publish(rows)).add([placed('k', 1), placed('k', 2)]);
  await entered.promise;
  await done.settled();
  await first.stop();

  const bus = new LocalBus();
  const consumers = ['done', 'stuck'].map((name) =>
    desk.consumer((order) => desk.note(order, { consumer: name }), { bus, name }),
  );
  const next = desk.publisher({ bus });
  await next.start();
  await Promise.all(consumers.map((consumer) => consumer.settled()));
  for (const name of ['done', 'stuck']) deepStrictEqual(await desk.effects(`consumer = '${name}'`), ['k/1', 'k/2']);
  await eventually('all are marked', async () => {
    desk.timers.advance(100);
    return (await unpublished(desk)).length === 0;
  });
  never.resolve();
  await stuck.stop();
});

test('a consumer that is deployed later reads from the oldest message kept, once', { skip }, async (t) => {
  const desk = await setUp(t);
  const bus = new LocalBus();
  const publisher = desk.publisher({ bus });
  await publisher.start();
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  for (let n = 1; n <= 3; n++) await outbox.add([placed('k', n)]);
  await eventually('nobody else waits for them', async () => {
    desk.timers.advance(100);
    return (await unpublished(desk)).length === 0;
  });
  const late = desk.consumer(undefined, { bus });
  await late.catchUpNewChannels();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2', 'k/3'], 'It is registered only when it has handled them.');
  await late.catchUpNewChannels();
  await outbox.add([placed('k', 4)]);
  await desk.effectsBecome('k/1', 'k/2', 'k/3', 'k/4');
  deepStrictEqual(await desk.db.query('select consumer, channel from consumers'), [
    { consumer: 'desk', channel: 'shop.events' },
  ]);
});

test('a consumer that dies while it catches up begins again', { skip }, async (t) => {
  const desk = await setUp(t);
  const bus = new LocalBus();
  await desk.outbox().add([placed('k', 1)]);
  await desk.db.execute('update outbox set published_at = clock_timestamp()');
  const publisher = desk.publisher({ bus });
  await publisher.start();
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const dying = desk.consumer(
    async () => {
      entered.resolve();
      await gate.promise;
    },
    { bus, db: desk.pool() },
  );
  let registered = false;
  const catchingUp = dying.catchUpNewChannels().then(() => {
    registered = true;
  });
  await entered.promise;
  deepStrictEqual([registered, await desk.db.query('select 1 from consumers')], [false, []]);
  gate.resolve();
  await catchingUp;
});

test('promises 1 to 4 together: many keys and writers, a poison, a rollback, and the system comes to rest', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const bus = new LocalBus();
  let poisoned = true;
  const consumer = desk.consumer(
    async (order) => {
      if (poisoned && order.subject === 'key3') throw new Error('poison');
      await desk.note(order);
    },
    { bus, timers: realTimers },
  );
  const publisher = desk.publisher({ bus, timers: realTimers });
  await publisher.start();
  const db = desk.pool();
  const outbox = desk.outbox((rows) => publisher.publish(rows), db);
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let n = 1; n <= 20; n++) {
      await db
        .transaction(async () => {
          await outbox.add([placed(`key${writer}`, 100 + n)]);
          if (n % 5 === 0) throw new Error('rolled back');
        })
        .catch(() => {});
    }
  });
  await Promise.all(writers);
  poisoned = false;
  await eventually('it has come to rest', async () => {
    // A try that had failed before the cure may still make its message dead: the operator replays that one, too.
    await desk.db.execute(
      `update parked_messages set status = 'retrying', next_attempt_at = clock_timestamp() where status = 'dead'`,
    );
    const [left] = await desk.db.query<{ left: number }>(
      `select (select count(*) from outbox where published_at is null) +
         (select count(*) from parked_messages) as left`,
    );
    return left?.left === 0 && (await desk.effects()).length === 128;
  });
  for (let writer = 0; writer < 8; writer++) {
    const expected = Array.from({ length: 20 }, (_, index) => index + 1).filter((n) => n % 5 !== 0);
    deepStrictEqual(
      await desk.effects(`key = 'key${writer}'`),
      expected.map((n) => `key${writer}/${100 + n}`),
    );
  }
  deepStrictEqual([consumer.backlog, desk.failures], [0, []]);
});
