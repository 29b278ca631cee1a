import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DomainError, UuidV7Ids } from '@ashlar/domain';
import {
  Consumer,
  type ConsumerDefinition,
  type Contract,
  DeadLetters,
  LocalBus,
  type Message,
  OutboxPublisher,
  on,
  outgoing,
  postgresMessageStorage,
} from '@ashlar/messaging';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { createTracing } from '@ashlar/telemetry';
import { useReplicas } from './runtime.fixtures.ts';
import { FreeMoney, HoldMoney, MoneyFreed, MoneyHeld, wordOf } from './trip.fixtures.ts';

const setUp = useReplicas();
const needsDatabase = { skip: databaseMissing };
const ids = new UuidV7Ids();

/** The trips and their bank, on one bus; the bank cannot hold money while its `ledger` is broken. */
async function aTripAndItsBank(t: TestContext) {
  const replica = (await setUp(t))();
  const { db, outbox, timers, errors } = replica;
  const [bus, storage] = [new LocalBus(), postgresMessageStorage(db)];
  const onError = (error: unknown) => void errors.push(error);
  const publisher = new OutboxPublisher({ outbox: storage.outbox, bus, source: '/services/all', timers, onError });
  replica.onCommitted = (rows) => publisher.publish(rows);
  const bank = { ledger: 'broken' };
  const answer = async ({ subject }: Message, contract: Contract) => {
    if (contract === MoneyHeld && bank.ledger === 'broken') throw new DomainError('broken', 'conflict', 'It is torn.');
    await replica.note(wordOf(contract.type));
    await outbox.add([outgoing(contract, subject, { tripId: subject })]);
  };
  const hear = (definition: ConsumerDefinition) => {
    const tracing = createTracing({ service: definition.name });
    const consumer = new Consumer({ definition, storage, bus, tracing, nextId: () => ids.next(), timers });
    consumer.start();
    t.after(() => consumer.stop());
    return consumer;
  };
  const hold = on(HoldMoney, (message) => answer(message, MoneyHeld));
  const free = on(FreeMoney, (message) => answer(message, MoneyFreed));
  hear({ name: 'bank', subscriptions: [hold, free] });
  const trips = hear({ name: 'trips', subscriptions: replica.runtime.subscriptions() });
  await publisher.start();
  await replica.runtime.startTimers(trips);
  return { replica, bank, letters: new DeadLetters(db) };
}

/** The command to hold money is dead at the bank, and the saga that waits for its undoing is stuck. */
async function aStuckTrip(t: TestContext) {
  const world = await aTripAndItsBank(t);
  const { replica, letters } = world;
  await replica.runtime.start({ id: 'a' });
  await eventually('the command is dead', async () => (await letters.list({ limit: 1, status: 'dead' })).length === 1);
  for (let turn = 0; turn < 6; turn++) await replica.timePasses();
  await eventually('all that was sent is parked', async () => {
    const parked = await letters.list({ limit: 100 });
    return parked.length === (await replica.sent('a')).length;
  });
  const parked = (await letters.list({ limit: 100 })).reverse();
  return { ...world, parked };
}

test('schedule 3.13: a dead command blocks its undoing, and the saga is stuck, which everybody can see', {
  ...needsDatabase,
}, async (t) => {
  const { replica, parked } = await aStuckTrip(t);
  const [head, ...behind] = parked.map(({ type, status, consumer }) => `${wordOf(type)} ${status} at the ${consumer}`);
  strictEqual(head, 'HoldMoney dead at the bank');
  deepStrictEqual([...new Set(behind)], ['FreeMoney waiting at the bank']);
  const view = await replica.view('a');
  deepStrictEqual(
    [view?.status, view?.error],
    ['stuck', 'hold money has not answered 5 times; look for bank.FreeMoney.v1 among the dead letters.'],
  );
  deepStrictEqual(await replica.notes(), [], 'Nothing has overtaken the dead letter.');
});

for (const [what, notes] of [
  ['replayed', ['MoneyHeld', 'MoneyFreed']],
  ['discarded', ['MoneyFreed']],
] as const) {
  test(`schedule 3.13: once the dead command is ${what}, its undoing follows, and the saga ends by itself`, {
    ...needsDatabase,
  }, async (t) => {
    const { replica, bank, letters, parked } = await aStuckTrip(t);
    bank.ledger = 'mended';
    strictEqual(await letters[what === 'replayed' ? 'replay' : 'discard'](parked[0]!.id), true);
    await eventually('the saga has ended', async () => {
      await replica.timers.tick();
      return (await replica.view('a'))?.status === 'compensated';
    });
    await eventually('the parking lot is empty', async () => {
      await replica.timers.tick();
      return (await replica.db.query('select 1 from parked_messages')).length === 0;
    });
    const heard = await replica.notes();
    deepStrictEqual(heard.slice(0, notes.length), notes);
    deepStrictEqual([...new Set(heard)], notes, 'Each further undoing is answered as the first one was.');
    deepStrictEqual((await replica.view('a'))?.steps[0]?.status, 'compensated');
    deepStrictEqual(replica.errors, []);
  });
}
