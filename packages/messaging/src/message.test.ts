import { deepStrictEqual, match, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, UuidV7Ids } from '@ashlar/domain';
import { Type } from 'typebox';
import { command, event, violation } from './contract.ts';
import { judge } from './inbox.ts';
import { contextOf, type Outgoing, outgoing, sequenceOf, toMessageContext, unordered } from './message.ts';
import { aMessage } from './messaging.fixtures.ts';
import { draft } from './outbox.ts';

test('the envelope is a CloudEvent with the documented extensions', () => {
  const { message } = aMessage('the key', 12);
  strictEqual(message.specversion, '1.0');
  strictEqual(message.source, '/services/shop');
  strictEqual(message.subject, 'the key');
  strictEqual(message.partitionkey, 'the key');
  strictEqual(message.sequence, '00000000000000000012');
  strictEqual(message.dataschema, 'urn:ashlar:schema:shop.OrderPlaced.v1');
  match(message.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  strictEqual(sequenceOf(message), 12);
});

test('promise 6: what follows from a message has its correlation and trace, and is caused by it', () => {
  const { message } = aMessage('k', 1);
  const context = contextOf({ ...message, tracestate: 'vendor=1' });
  deepStrictEqual(toMessageContext(context), {
    traceparent: message.traceparent,
    tracestate: 'vendor=1',
    correlationid: 'correlation of k',
    causationid: message.id,
  });
});

test('a message with a broken trace is handled in a new one', () => {
  const { trace } = contextOf({ ...aMessage('k', 1).message, traceparent: 'nonsense' });
  match(trace.traceId, /^[0-9a-f]{32}$/);
});

test('a contract knows its channel by its name: facts of a service, requests to it, what its read models take', () => {
  strictEqual(event('order.OrderCreated.v1', Type.Object({})).channel, 'order.events');
  strictEqual(event('order.OrderChanged.v1', Type.Object({}), { channel: 'changes' }).channel, 'order.changes');
  strictEqual(command('stock-room.ReserveStock.v2', Type.Object({})).channel, 'stock-room.commands');
});

test('a type without service, version or capital letter is no type', () => {
  for (const type of [
    'OrderCreated.v1',
    'order.OrderCreated',
    'order.orderCreated.v1',
    'order.OrderCreated.v0',
    'Order.X.v1',
  ]) {
    throws(() => event(type, Type.Object({})), /is no message type/);
  }
});

test('what breaks a contract is said in words, with its place', () => {
  const contract = event(
    'order.OrderCreated.v1',
    Type.Object({ lines: Type.Array(Type.Object({ n: Type.Integer() })) }),
  );
  strictEqual(violation(contract, { lines: [{ n: 1 }] }), undefined);
  match(violation(contract, { lines: [{ n: 'x' }] })!, /\/lines\/0\/n must be integer/);
  match(violation(contract, undefined)!, /^\/ must be object/);
});

test('schedule 3.5: handled, then parked, then next, then ahead: the order of the questions', () => {
  const verdicts = (parked: boolean) =>
    [4, 5, 6, 7].map((sequence) => judge({ sequence: 5, parked, lastId: '5' }, { sequence, id: String(sequence) }));
  deepStrictEqual(verdicts(false), ['handled', 'handled', 'next', 'ahead']);
  deepStrictEqual(verdicts(true), ['handled', 'handled', 'parked', 'parked']);
});

test('promise 3: a message whose contract names its key is refused under another one', () => {
  const came = event('door.GuestCame.v1', Type.Object({ guestId: Type.String() }), { key: 'guestId' });
  const doors = { clock: systemClock, ids: new UuidV7Ids() };
  const said = (message: Outgoing) => () => draft([message], doors);
  strictEqual(said(outgoing(came, 'ann', { guestId: 'ann' }))()[0]?.key, 'ann');
  throws(said(outgoing(came, 'bob', { guestId: 'ann' })), /its key is its guestId, and not bob/);
  throws(said(unordered(came, { guestId: 'ann' })), /its key is its guestId, and not its own id/);
});

test('a key that could be taken for another one, or data that would not come back as they are, are refused', () => {
  const told = event('door.GuestTold.v1', Type.Object({ said: Type.Unknown() }));
  const doors = { clock: systemClock, ids: new UuidV7Ids() };
  const said = (key: string, what: unknown) => () => draft([outgoing(told, key, { said: what })], doors);
  strictEqual(said('ann', '😀')()[0]?.key, 'ann');
  for (const key of ['a\ud800', 'a\0', 'a'.repeat(1_001)])
    throws(said(key, 1), /^TypeError: door.GuestTold.v1: its key has/);
  for (const what of ['a\ud800', '\0', Number.NaN, new Set()]) {
    throws(said('ann', what), /^TypeError: door.GuestTold.v1: \/said /);
  }
});
