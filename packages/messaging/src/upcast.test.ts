import { deepStrictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { Type } from 'typebox';
import { command, event, upcast } from './contract.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Message } from './message.ts';
import { aMessage, type Desk, type Order, OrderPlaced, useMessaging } from './messaging.fixtures.ts';
import { on, type Subscription } from './subscription.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const OrderPlacedV2 = event('shop.OrderPlaced.v2', Type.Object({ pieces: Type.Integer() }), {
  past: upcast(OrderPlaced, ({ n }) => ({ pieces: n })),
});
/** Whoever ordered nothing is not understood any more. */
const OrderPlacedV3 = event(
  'shop.OrderPlaced.v3',
  Type.Object({ pieces: Type.Integer({ minimum: 1 }), unit: Type.String() }),
  { past: upcast(OrderPlacedV2, ({ pieces }) => ({ pieces, unit: 'piece' })) },
);

const v2 = (key: string, n: number) => aMessage(key, n, { contract: OrderPlacedV2, data: { pieces: n } });
const v3 = (key: string, n: number) =>
  aMessage(key, n, { contract: OrderPlacedV3, data: { pieces: n, unit: 'dozen' } });

/** The consumer after the deploy: it knows the newest version, and nothing but that. */
function newDesk(desk: Desk, { name = 'desk' } = {}) {
  const heard: Message[] = [];
  const handle = async (message: Message<{ pieces: number; unit: string }>) => {
    heard.push(message);
    await desk.note({ ...message, data: { n: message.data.pieces } } as Order);
  };
  const subscriptions: Subscription[] = [on(OrderPlacedV3, handle, { when: ({ unit }) => unit !== 'none' })];
  const consumer = desk.consumer(undefined, { definition: { name, subscriptions } });
  return { heard, consumer };
}

test('a consumer hears messages of every version in that of today, under their own ids and numbers', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const { heard, consumer } = newDesk(desk);
  const sent = [aMessage('a', 1), v2('a', 2), v3('a', 3)];
  desk.bus.deliver(...sent);
  await consumer.settled();
  deepStrictEqual(
    heard.map(({ type, dataschema, data }) => ({ type, dataschema, data })),
    [
      { pieces: 1, unit: 'piece' },
      { pieces: 2, unit: 'piece' },
      { pieces: 3, unit: 'dozen' },
    ].map((data) => ({ type: 'shop.OrderPlaced.v3', dataschema: 'urn:ashlar:schema:shop.OrderPlaced.v3', data })),
  );
  deepStrictEqual(
    heard.map(({ id, sequence }) => ({ id, sequence })),
    sent.map(({ message: { id, sequence } }) => ({ id, sequence })),
  );
});

test('a message that was held before its predecessor came is brought up to date as well', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer } = newDesk(desk);
  desk.bus.deliver(v2('a', 2));
  await desk.untilHeld();
  desk.bus.deliver(aMessage('a', 1));
  await consumer.settled();
  await desk.effectsBecome('a/1', 'a/2');
});

test('what was parked before a deploy is replayed after it in the version of today, and its key drains in order', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const old = desk.consumer(() => Promise.reject(new TypeError('a flaw of the old code')));
  desk.bus.deliver(aMessage('a', 1), aMessage('a', 2), v2('a', 3));
  await old.settled();
  await old.stop();
  await desk.db.execute(`update parked_messages set status = 'dead' where status = 'retrying'`);
  deepStrictEqual(await desk.lot(), ['a/1 dead', 'a/2 waiting', 'a/3 waiting']);

  const { heard, consumer } = newDesk(desk);
  desk.bus.deliver(v3('a', 4));
  await consumer.settled();
  const letters = new DeadLetters(desk.db);
  const [first] = await letters.list({ status: 'dead', limit: 1 });
  await letters.replay(first!.id);
  consumer.scanSoon();
  await desk.untilLot();
  deepStrictEqual(await desk.effects(), ['a/1', 'a/2', 'a/3', 'a/4']);
  deepStrictEqual(new Set(heard.map(({ type }) => type)), new Set(['shop.OrderPlaced.v3']));
});

test('a retry that comes due after a deploy is made in the version of today', { skip }, async (t) => {
  const desk = await setUp(t);
  const old = desk.consumer(() => Promise.reject(new Error('away')));
  desk.bus.deliver(aMessage('a', 1));
  await old.settled();
  await old.stop();
  newDesk(desk);
  await desk.timePasses();
  await desk.effectsBecome('a/1');
});

test('old data that break their own contract, or become none of the newer one, are parked as dead', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const { consumer } = newDesk(desk);
  desk.bus.deliver(aMessage('a', 1, { data: { n: 'one' } }), aMessage('b', 1, { data: { n: 0 } }));
  await consumer.settled();
  deepStrictEqual(await desk.lot(), ['a/1 dead', 'b/1 dead']);
  const errors = await desk.db.query<{ error: string }>('select error from parked_messages order by key');
  deepStrictEqual(
    errors.map(({ error }) => error.split(' ').slice(0, 2).join(' ')),
    ['ContractViolationError: shop.OrderPlaced.v1:', 'ContractViolationError: shop.OrderPlaced.v3:'],
  );
});

test('whether a message is of interest is asked of it as it is today', { skip }, async (t) => {
  const desk = await setUp(t);
  const { consumer } = newDesk(desk);
  desk.bus.deliver(aMessage('a', 1, { contract: OrderPlacedV3, data: { pieces: 1, unit: 'none' } }), v2('a', 2));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['a/2']);
});

test('an older version with a reaction of its own goes there', { skip }, async (t) => {
  const desk = await setUp(t);
  const heard: string[] = [];
  const note = async ({ type }: Message) => void heard.push(type);
  const both = [on(OrderPlaced, note), on(OrderPlacedV2, note)];
  for (const [name, subscriptions] of Object.entries({ both, reversed: both.toReversed() })) {
    const consumer = desk.consumer(undefined, { name, definition: { name, subscriptions } });
    desk.bus.deliver(aMessage(name, 1), v2(name, 2));
    await consumer.settled();
    await consumer.stop();
  }
  const [first, second] = ['shop.OrderPlaced.v1', 'shop.OrderPlaced.v2'];
  deepStrictEqual(heard, [first, second, first, second]);
});

test('only an older version of the same contract can become the newer one', () => {
  const nothing = Type.Object({});
  const viewed = event('shop.OrderViewed.v1', nothing);
  const change = () => ({});
  throws(() => event('shop.OrderPlaced.v2', nothing, { past: upcast(viewed, change) }), /is no older version of/);
  throws(() => event('shop.OrderViewed.v1', nothing, { past: upcast(viewed, change) }), /is no older version of/);
  throws(() => command('shop.OrderViewed.v2', nothing, { past: upcast(viewed, change) }), /is no older version of/);
});
