import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import type { Consumer } from './consumer.ts';
import { LocalBus } from './local-bus.ts';
import { aMessage, type Desk, type Order, OrderPlaced, placed, useMessaging } from './messaging.fixtures.ts';
import { forgetAbsent } from './registration.ts';
import { postgresMessageStorage } from './storage.ts';
import { on } from './subscription.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const registrationsOf = ({ db }: Desk) => postgresMessageStorage(db).registrations;

/** One run of a service with these consumers, from its start; `name (now)` begins with what is said from now on. */
async function aRun(desk: Desk, ...names: readonly string[]) {
  const bus = new LocalBus();
  const publisher = desk.publisher({ bus });
  const consumers = names.map((name) => aConsumer(desk, bus, name));
  await publisher.start();
  await forgetAbsent(registrationsOf(desk), consumers);
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  return {
    catchUp: () => Promise.all(consumers.map((consumer) => consumer.catchUpNewChannels())),
    say: (key: string, n: number) => outbox.add([placed(key, n)]),
    consumer: (called: string) => consumers.find(({ name }) => name === called)!,
    async end() {
      for (const consumer of consumers) await consumer.stop();
      await publisher.stop();
    },
  };
}

function aConsumer(desk: Desk, bus: LocalBus, called: string): Consumer {
  const [name, now] = called.split(' ') as [string, string?];
  const subscriptions = [on(OrderPlaced, (order: Order) => desk.note(order, { consumer: name }))];
  return desk.consumer(undefined, { bus, definition: { name, subscriptions, ...(now && { from: 'now' }) } });
}

const nobodyWaits = (desk: Desk) =>
  eventually('all is published', async () => {
    desk.timers.advance(100);
    return (await desk.db.query('select 1 from outbox where published_at is null')).length === 0;
  });

const heardBy = (desk: Desk, consumer: string) => desk.effects(`consumer = '${consumer}'`);

test('promise 1: a consumer that was away for a while gets at its return what was said without it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const first = await aRun(desk, 'desk', 'guest');
  await first.catchUp();
  await first.say('early', 1);
  await nobodyWaits(desk);
  await first.end();

  const without = await aRun(desk, 'desk');
  await without.catchUp();
  await without.say('meanwhile', 1);
  await nobodyWaits(desk);
  await without.end();
  deepStrictEqual(await heardBy(desk, 'guest'), ['early/1']);

  const again = await aRun(desk, 'desk', 'guest');
  await again.catchUp();
  for (const name of ['desk', 'guest']) deepStrictEqual(await heardBy(desk, name), ['early/1', 'meanwhile/1']);
});

test('promise 1: a consumer that does not hear a channel any more forgets only that one', { skip }, async (t) => {
  const desk = await setUp(t);
  const insert = 'insert into consumers (consumer, channel) values ($1, $2)';
  for (const channel of ['shop.events', 'desk.events']) await desk.db.execute(insert, ['desk', channel]);
  await desk.db.execute(insert, ['gone', 'shop.events']);
  await forgetAbsent(registrationsOf(desk), [{ name: 'desk', channels: ['shop.events'] }]);
  const left = await desk.db.query('select consumer, channel from consumers');
  deepStrictEqual(left, [{ consumer: 'desk', channel: 'shop.events' }]);
});

test('a consumer that begins now only moves its marks past what was said before', { skip }, async (t) => {
  const desk = await setUp(t);
  const before = await aRun(desk);
  for (const n of [1, 2]) await before.say('k', n);
  await nobodyWaits(desk);
  await before.end();

  const run = await aRun(desk, 'witness', 'desk (now)');
  await run.say('k', 3);
  await run.catchUp();
  deepStrictEqual(await heardBy(desk, 'desk'), []);
  deepStrictEqual(await heardBy(desk, 'witness'), ['k/1', 'k/2', 'k/3']);
  const marks = await desk.db.query(`select sequence from inbox where consumer = 'desk'`);
  deepStrictEqual(marks, [{ sequence: 3 }]);

  for (const n of [4, 5]) await run.say('k', n);
  await run.consumer('desk').settled();
  deepStrictEqual(await heardBy(desk, 'desk'), ['k/4', 'k/5']);
});

test('a consumer that begins now handles nothing before it knows its channels, and at a later start skips nothing', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const first = await aRun(desk, 'witness', 'desk (now)');
  await first.say('k', 1);
  await first.consumer('witness').settled();
  first.consumer('desk').scanSoon();
  strictEqual(first.consumer('desk').backlog, 1);
  deepStrictEqual(await desk.db.query(`select sequence from inbox where consumer = 'desk'`), []);
  await first.catchUp();
  await first.end();
  await first.say('k', 2);

  const second = await aRun(desk, 'witness', 'desk (now)');
  await second.say('k', 3);
  await second.consumer('witness').settled();
  second.consumer('desk').scanSoon();
  deepStrictEqual(await heardBy(desk, 'desk'), []);
  await second.catchUp();
  await second.consumer('desk').settled();
  deepStrictEqual(await heardBy(desk, 'desk'), ['k/2', 'k/3']);
});

test('a source that cannot send again yet is asked again, until the consumer is stopped', { skip }, async (t) => {
  const desk = await setUp(t);
  const busy = new Error('It is busy.');
  let [asked, goodAfter] = [0, 2];
  desk.bus.replay = async () => {
    asked += 1;
    if (asked <= goodAfter) throw busy;
  };
  const untilAsked = (times: number) =>
    eventually(`it has asked ${times} times`, () => {
      desk.timers.advance(1_000);
      return asked >= times;
    });
  const patient = desk.consumer().catchUpNewChannels();
  await untilAsked(3);
  await patient;
  deepStrictEqual(desk.failures, [busy, busy]);
  deepStrictEqual(await desk.db.query('select consumer from consumers'), [{ consumer: 'desk' }]);

  goodAfter = Number.POSITIVE_INFINITY;
  const stopped = desk.consumer(undefined, {
    definition: { name: 'late', subscriptions: [on(OrderPlaced, async () => {})] },
  });
  const ended = rejects(stopped.catchUpNewChannels(), busy);
  await untilAsked(4);
  await stopped.stop();
  await untilAsked(5);
  await ended;
});

/** A consumer that begins now, and has caught up when the test says so. */
function aBeginner(desk: Desk) {
  const caughtUp = Promise.withResolvers<void>();
  desk.bus.caughtUp = caughtUp.promise;
  const subscriptions = [on(OrderPlaced, (order: Order) => desk.note(order))];
  const consumer = desk.consumer(undefined, { definition: { name: 'desk', subscriptions, from: 'now' } });
  return { consumer, caughtUp };
}

test('what comes late of all that was said before a consumer begins now is not handled either', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, caughtUp } = aBeginner(desk);
  const catchingUp = consumer.catchUpNewChannels();
  desk.bus.deliver(aMessage('k', 3));
  await eventually('it is passed', async () => desk.bus.acknowledged.includes('k/3'));
  caughtUp.resolve();
  await catchingUp;
  desk.bus.deliver(aMessage('k', 1), aMessage('k', 2), aMessage('k', 4));
  await desk.effectsBecome('k/4');
});

test('what cannot be passed at a beginning waits there, and not in the parking lot, where it would be handled', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const { consumer, caughtUp } = aBeginner(desk);
  await desk.db.execute('alter table inbox add constraint rule check (sequence = 0)');
  const catchingUp = consumer.catchUpNewChannels();
  desk.bus.deliver(aMessage('k', 1));
  await eventually('it is refused', () => desk.failures.length > 0 || desk.bus.acknowledged.length > 0);
  deepStrictEqual(await desk.lot(), []);
  await desk.db.execute('alter table inbox drop constraint rule');
  await eventually('it is passed', async () => {
    desk.timers.advance(200);
    return desk.bus.acknowledged.includes('k/1');
  });
  caughtUp.resolve();
  await catchingUp;
  desk.bus.deliver(aMessage('k', 2));
  await desk.effectsBecome('k/2');
});

test('the beginning is over for a replica as soon as another one has come to its end', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer, caughtUp } = aBeginner(desk);
  const catchingUp = consumer.catchUpNewChannels();
  desk.bus.deliver(aMessage('k', 1));
  await eventually('it is passed', async () => desk.bus.acknowledged.includes('k/1'));
  await registrationsOf(desk).add('desk', 'shop.events');
  desk.bus.deliver(aMessage('k', 2));
  await desk.effectsBecome('k/2');
  caughtUp.resolve();
  await catchingUp;
});
