import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '@ashlar/domain';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { aMessage, type Desk, messages, type Order, useMessaging } from './messaging.fixtures.ts';
import { backOffMs, isPermanent } from './parking-lot.ts';
import { PostgresParkingLot } from './postgres-parking-lot.ts';

const skip = databaseMissing;
const setUp = useMessaging();

/** A desk whose handler fails while `ill` says so. */
function illDesk(desk: Desk) {
  const state = { error: new Error('ill') as Error | undefined, calls: [] as string[] };
  const handle = async (order: Order) => {
    state.calls.push(`${order.subject}/${order.data.n}`);
    if (state.error && order.subject === 'ill') throw state.error;
    await desk.note(order);
  };
  return { state, consumer: desk.consumer(handle) };
}

test('promise 4: a poison message blocks only its own key; those behind it wait, and drain in order', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  desk.bus.deliver(...messages('ill', 3), ...messages('well', 3));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['well/1', 'well/2', 'well/3']);
  deepStrictEqual(await desk.lot(), ['ill/1 retrying', 'ill/2 waiting', 'ill/3 waiting']);
  desk.bus.deliver(aMessage('ill', 4), aMessage('well', 4));
  await consumer.settled();
  deepStrictEqual(
    state.calls.filter((call) => call !== 'ill/1' && call.startsWith('ill')),
    [],
  );
  state.error = undefined;
  await desk.timePasses();
  await desk.effectsBecome('well/1', 'well/2', 'well/3', 'well/4', 'ill/1', 'ill/2', 'ill/3', 'ill/4');
  await desk.untilLot();
  desk.bus.deliver(aMessage('ill', 5));
  await consumer.settled();
  strictEqual((await desk.effects()).at(-1), 'ill/5');
});

test('a failed message is tried five times, then it is dead, and its key waits for an operator', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  desk.bus.deliver(...messages('ill', 2));
  await consumer.settled();
  for (let attempt = 2; attempt <= 5; attempt++) {
    deepStrictEqual(await desk.lot(), ['ill/1 retrying', 'ill/2 waiting']);
    await desk.timePasses();
    await eventually(`try ${attempt}`, async () => (await attemptsOf(desk)) === attempt);
  }
  await desk.untilLot('ill/1 dead', 'ill/2 waiting');
  state.error = undefined;
  await desk.timePasses();
  desk.bus.deliver(aMessage('well', 1));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['well/1']);
  strictEqual(state.calls.filter((call) => call === 'ill/1').length, 5);
});

test('a retry that is not due yet is not tried', { skip }, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  desk.bus.deliver(aMessage('ill', 1));
  await consumer.settled();
  await desk.db.execute(`update parked_messages set next_attempt_at = clock_timestamp() + interval '1 hour'`);
  desk.timers.advance(2_000);
  desk.bus.deliver(aMessage('well', 1));
  await consumer.settled();
  deepStrictEqual(state.calls, ['ill/1', 'well/1']);
});

test('the back-off doubles from 0.2 s, never exceeds 10 s, and is spread by chance', () => {
  deepStrictEqual(
    [1, 2, 3, 4, 9].map((attempts) => backOffMs(attempts, 1)),
    [200, 400, 800, 1_600, 10_000],
  );
  strictEqual(backOffMs(3, 0.25), 200);
  strictEqual(backOffMs(3, 0), 0);
});

test('a refusal by a rule and data that break the contract are dead at once', { skip }, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  state.error = new DomainError('no', 'invalid', 'It is refused.');
  desk.bus.deliver(aMessage('ill', 1), aMessage('broken', 1, { data: { n: 'one' } }));
  await consumer.settled();
  deepStrictEqual(await desk.lot(), ['broken/1 dead', 'ill/1 dead']);
  const errors = await desk.db.query(`select error, attempts from parked_messages order by key`);
  deepStrictEqual(errors[0], { error: 'ContractViolationError: shop.OrderPlaced.v1: /n must be integer', attempts: 1 });
  deepStrictEqual(errors[1], { error: 'DomainError: It is refused.', attempts: 1 });
});

test('a refusal because something is unavailable is no final answer', () => {
  strictEqual(isPermanent(new DomainError('away', 'unavailable', 'Later.')), false);
  strictEqual(isPermanent(new DomainError('no', 'conflict', 'Never.')), true);
  strictEqual(isPermanent(new Error('unknown')), false);
});

test('schedule 3.5: a parked message that is delivered again stays parked, and is not tried beside its retry', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  const poison = aMessage('ill', 1);
  desk.bus.deliver(poison);
  await consumer.settled();
  desk.bus.deliver(poison, poison);
  await consumer.settled();
  deepStrictEqual([state.calls, await desk.lot()], [['ill/1'], ['ill/1 retrying']]);
  strictEqual(desk.bus.acknowledged.length, 3);
  state.error = undefined;
  await desk.timePasses();
  await desk.effectsBecome('ill/1');
  desk.bus.deliver(poison);
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['ill/1']);
});

test('schedule 3.5: a line whose head has drained stays marked while there is more, which is not tried beside it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const refusal = new DomainError('no', 'conflict', 'Never.');
  let isIll = true;
  const calls: string[] = [];
  const consumer = desk.consumer(async (order) => {
    calls.push(`${order.subject}/${order.data.n}`);
    if (isIll) throw new Error('ill');
    if (order.data.n === 2) throw refusal;
    await desk.note(order);
  });
  const [first, second, third] = messages('k', 3);
  desk.bus.deliver(first!, second!);
  await consumer.settled();
  isIll = false;
  await desk.timePasses();
  await desk.untilLot('k/2 dead');
  desk.bus.deliver(second!, third!);
  await consumer.settled();
  deepStrictEqual(
    [calls, await desk.lot()],
    [
      ['k/1', 'k/1', 'k/2'],
      ['k/2 dead', 'k/3 waiting'],
    ],
  );
});

test('schedule 3.4: a message that was parked behind a head that is gone is found by the scan', { skip }, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  desk.bus.deliver(...messages('ill', 2));
  await consumer.settled();
  await desk.db.execute(`delete from parked_messages where sequence = 1`);
  await desk.db.execute(`update inbox set sequence = 1`);
  state.error = undefined;
  desk.timers.advance(1_000);
  await desk.effectsBecome('ill/2');
  await desk.untilLot();
});

test('schedule 3.4: messages that arrive at one replica while another drains the key are neither lost nor reordered', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const other = desk.pool();
  const { state, consumer } = illDesk(desk);
  desk.bus.deliver(aMessage('ill', 1));
  await consumer.settled();
  await consumer.stop();
  const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  state.error = undefined;
  const slow = async (order: Order) => {
    if (order.data.n === 1) entered.resolve();
    if (order.data.n === 1) await gate.promise;
    await desk.note(order);
  };
  const draining = desk.consumer(slow);
  await desk.timePasses();
  await entered.promise;
  const arriving = desk.consumer((order) => desk.note(order, { db: other }), { db: other });
  desk.bus.deliver(aMessage('ill', 2), aMessage('ill', 3));
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await eventually('the other replica waits for the line', async () => (await desk.db.query(waiting)).length > 0);
  gate.resolve();
  await Promise.all([draining.settled(), arriving.settled()]);
  desk.timers.advance(1_000);
  await desk.effectsBecome('ill/1', 'ill/2', 'ill/3');
  await desk.untilLot();
});

test('a message that was parked before its predecessor came waits for it', { skip }, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  desk.bus.deliver(aMessage('ill', 1), aMessage('ill', 3));
  await consumer.settled();
  state.error = undefined;
  await desk.timePasses();
  await desk.effectsBecome('ill/1');
  await desk.untilLot('ill/3 waiting');
  desk.bus.deliver(aMessage('ill', 2));
  await consumer.settled();
  desk.timers.advance(1_000);
  await desk.effectsBecome('ill/1', 'ill/2', 'ill/3');
  await desk.untilLot();
});

test('keys that wait for an operator do not keep the others from their retries', { skip }, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  desk.bus.deliver(aMessage('ill', 1), aMessage('ill', 2));
  await consumer.settled();
  await desk.db.execute(`
    insert into inbox (consumer, source, channel, key, sequence, previous, parked)
    select consumer, source, channel, 'a dead key ' || n, 0, -1, true from inbox, generate_series(1, 150) n`);
  await desk.db.execute(`
    insert into parked_messages (id, consumer, source, channel, key, sequence, type, message, status, next_attempt_at)
    select gen_random_uuid(), consumer, source, channel, 'a dead key ' || n, sequence, type, message,
      case sequence when 1 then 'dead' else 'retrying' end, clock_timestamp()
    from parked_messages, generate_series(1, 150) n`);
  const movable = await new PostgresParkingLot(desk.db, 'desk', () => '').movable();
  deepStrictEqual(
    movable.map(({ key }) => key),
    ['ill'],
  );
  state.error = undefined;
  await desk.timePasses();
  await desk.effectsBecome('ill/1', 'ill/2');
});

test('many keys that were parked together drain together, without waiting for a scan each', { skip }, async (t) => {
  const desk = await setUp(t);
  let ill = true;
  const consumer = desk.consumer(async (order) => {
    if (ill) throw new Error('ill');
    await desk.note(order);
  });
  desk.bus.deliver(...Array.from({ length: 120 }, (_, index) => aMessage(`key${index}`, 1)));
  await consumer.settled();
  strictEqual((await desk.lot()).length, 120);
  ill = false;
  await desk.timePasses();
  await desk.untilLot();
  strictEqual((await desk.effects()).length, 120);
});

test('an error with a character that PostgreSQL does not take is parked like any other', { skip }, async (t) => {
  const desk = await setUp(t);
  const { state, consumer } = illDesk(desk);
  state.error = new Error('bad \0 byte');
  desk.bus.deliver(aMessage('ill', 1), aMessage('well', 1));
  await consumer.settled();
  deepStrictEqual([await desk.lot(), await desk.effects()], [['ill/1 retrying'], ['well/1']]);
  deepStrictEqual(await desk.db.query('select error from parked_messages'), [{ error: 'Error: bad  byte' }]);
});

test('a retry that breaks a rule of the database counts as a failed try', { skip }, async (t) => {
  const desk = await setUp(t);
  let ill = true;
  const consumer = desk.consumer(async (order) => {
    if (ill) throw new Error('ill');
    await desk.note(order);
  });
  desk.bus.deliver(aMessage('k', 1, { data: { n: 13 } }), aMessage('k', 2));
  await consumer.settled();
  ill = false;
  await desk.timePasses();
  await eventually('the second try', async () => (await attemptsOf(desk)) === 2);
  deepStrictEqual([await desk.lot(), await desk.effects()], [['k/1 retrying', 'k/2 waiting'], []]);
});

test('a message that fails again leaves none of its writes behind', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer(async (order) => {
    await desk.note(order);
    await desk.db.execute(`insert into effects (consumer, key, n) values ('desk', 'at once', 1)`);
    throw new Error('ill');
  });
  desk.bus.deliver(aMessage('k', 1));
  await consumer.settled();
  await desk.timePasses();
  await eventually('the second try', async () => (await attemptsOf(desk)) === 2);
  deepStrictEqual(await desk.effects(), []);
  ok(desk.parked.length >= 2);
});

async function attemptsOf({ db }: Desk): Promise<number> {
  const [row] = await db.query<{ attempts: number }>('select attempts from parked_messages where sequence = 1');
  return row?.attempts ?? 0;
}
