import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { LocalBus } from './local-bus.ts';
import { aMessage, messages, placed, SOURCE, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const HOUR_MS = 3_600_000;
const inThreeDays = { now: () => new Date(Date.now() + 72 * HOUR_MS) };

test('schedule 3.6: marks of lines idle for twice the retention are purged, those with parked messages are kept', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer(async (order) => {
    if (order.subject === 'ill') throw new Error('ill');
  });
  desk.bus.deliver(...messages('old', 1), ...messages('young', 1), ...messages('ill', 1));
  await consumer.settled();
  await desk.db.execute(`update inbox set updated_at = updated_at - interval '49 hours' where key <> 'young'`);
  desk.timers.advance(60_000);
  await eventually('the idle mark is gone', async () => {
    const rows = await desk.db.query<{ key: string }>('select key from inbox order by key');
    return rows.map(({ key }) => key).join(' ') === 'ill young';
  });
});

test('schedule 3.6: a line that comes to life while it is being purged keeps its mark', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(...messages('k', 1));
  await consumer.settled();
  await desk.db.execute(`update inbox set updated_at = updated_at - interval '49 hours'`);
  const [locked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handling = desk.db.transaction(async () => {
    await desk.db.execute(`update inbox set sequence = 2, updated_at = clock_timestamp()`);
    locked.resolve();
    await gate.promise;
  });
  await locked.promise;
  desk.timers.advance(60_000);
  const waiting = `select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%delete from inbox%'`;
  await eventually('the purge waits for the line', async () => (await desk.db.query(waiting)).length > 0);
  gate.resolve();
  await handling;
  await eventually('the purge is over', async () => (await desk.db.query(waiting)).length === 0);
  deepStrictEqual(await desk.db.query('select key, sequence from inbox'), [{ key: 'k', sequence: 2 }]);
});

test('schedule 3.6: a message that is older than any mark is parked as too old, never handled', { skip }, async (t) => {
  const desk = await setUp(t);
  const young = desk.consumer();
  desk.bus.deliver(...messages('known', 1));
  await young.settled();
  await young.stop();
  const consumer = desk.consumer(undefined, { clock: inThreeDays });
  desk.bus.deliver(aMessage('known', 2), aMessage('forgotten', 1));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['known/1', 'known/2']);
  deepStrictEqual(await desk.lot(), ['forgotten/1 dead']);
});

test('nothing is published before the publisher starts: a consumer that subscribes meanwhile hears it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const bus = new LocalBus();
  const publisher = desk.publisher({ bus });
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  await outbox.add([placed('k', 1)]);
  desk.consumer(undefined, { bus });
  await publisher.start();
  await desk.effectsBecome('k/1');
});

test('a line whose source was away when it was asked for a gap asks again, and catches up', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(aMessage('k', 3));
  await desk.untilHeld();
  desk.timers.advance(2_001);
  await desk.untilLot('k/3 waiting');
  desk.bus.onRepair(SOURCE, async ({ from, to }) => {
    for (let n = from; n <= to; n++) desk.bus.deliver(aMessage('k', n));
    return 1;
  });
  desk.timers.advance(1_000);
  await desk.untilLot('k/1 waiting', 'k/2 waiting', 'k/3 waiting');
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/2', 'k/3');
  await consumer.settled();
  await desk.untilLot();
});
