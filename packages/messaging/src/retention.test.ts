import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { nameOf } from './hand-bus.fixtures.ts';
import { LocalBus } from './local-bus.ts';
import { aMessage, messages, placed, SOURCE, useMessaging } from './messaging.fixtures.ts';
import type { OutboxRows } from './outbox-rows.ts';
import { postgresMessageStorage } from './storage.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => ({ now: () => new Date(Date.now() + hours * HOUR_MS) });
/** Marks are kept for 48 hours. */
const inTwoDays = inHours(48.1);

test('schedule 3.6: marks of lines idle for twice the retention are purged, those with parked messages are kept', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer(async (order) => {
    if (order.subject === 'ill') throw new Error('ill');
  });
  desk.bus.deliver(...['ill', 'old', 'resting', 'young'].flatMap((key) => messages(key, 1)));
  await consumer.settled();
  await desk.db.execute(`update inbox set updated_at = updated_at - interval '48.1 hours' where key in ('ill', 'old')`);
  await desk.db.execute(`update inbox set updated_at = updated_at - interval '47.9 hours' where key = 'resting'`);
  desk.timers.advance(60_000);
  await eventually('the idle mark is gone', async () => {
    const rows = await desk.db.query<{ key: string }>('select key from inbox order by key');
    return !rows.some(({ key }) => key === 'old');
  });
  deepStrictEqual(await desk.db.query('select key from inbox order by key'), [
    { key: 'ill' },
    { key: 'resting' },
    { key: 'young' },
  ]);
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
  const consumer = desk.consumer(undefined, { clock: inTwoDays });
  desk.bus.deliver(aMessage('known', 2), aMessage('forgotten', 1));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['known/1', 'known/2']);
  deepStrictEqual(await desk.lot(), ['forgotten/1 dead']);
});

test('schedule 3.6: a message that is younger than the oldest mark is handled', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer(undefined, { clock: inHours(47.9) });
  desk.bus.deliver(aMessage('late', 1));
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot()], [['late/1'], []]);
});

test('schedule 3.6: a message of an unknown line that comes ahead of others is too old as well', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer(undefined, { clock: inTwoDays });
  desk.bus.onAsked = async ({ to }) => to + 1;
  desk.bus.deliver(aMessage('forgotten', 2));
  await desk.untilLot('forgotten/2 dead');
  await eventually('the line begins where its source still can', async () => {
    desk.timers.advance(1_000);
    return (await desk.db.query('select 1 from inbox where sequence = 1')).length === 1;
  });
  desk.timers.advance(3_000);
  desk.bus.deliver(aMessage('forgotten', 3));
  await consumer.settled();
  deepStrictEqual([await desk.effects(), await desk.lot()], [[], ['forgotten/2 dead', 'forgotten/3 waiting']]);
});

test('schedule 3.6: a message that is too old is not handled either when others of its line wait in the lot', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.onAsked = async () => 1;
  desk.bus.deliver(aMessage('k', 2));
  await desk.untilHeld();
  desk.timers.advance(2_001);
  await desk.untilLot('k/2 waiting');
  const { channel, message } = aMessage('k', 1);
  desk.bus.deliver({ channel, message: { ...message, time: inHours(-48.1).now().toISOString() } });
  await consumer.settled();
  desk.timers.advance(1_000);
  await desk.untilLot('k/1 dead', 'k/2 waiting');
  deepStrictEqual(await desk.effects(), []);
});

test('schedule 3.6: one purge drops all the marks that are idle, however many', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer();
  desk.bus.deliver(...messages('young', 1));
  await consumer.settled();
  await desk.db.execute(`
    insert into inbox (consumer, source, channel, key, sequence, previous, updated_at)
    select consumer, source, channel, 'idle ' || n, 1, 0, updated_at - interval '49 hours'
    from inbox, generate_series(1, 25000) n`);
  desk.timers.advance(60_000);
  await eventually('all idle marks are gone', async () => {
    const rows = await desk.db.query<{ key: string }>('select key from inbox limit 2');
    return rows.map(({ key }) => key).join() === 'young';
  });
});

test('schedule 1.3: while old rows of the outbox are being purged, writers go on', { skip }, async (t) => {
  const desk = await setUp(t);
  await desk.outbox().add([placed('old', 1), placed('old', 2)]);
  await desk.db.execute(`update outbox set published_at = clock_timestamp() - interval '25 hours'`);
  const publisher = desk.publisher();
  await publisher.start();
  const [locked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = desk.db.transaction(async () => {
    await desk.db.query('select 1 from outbox where sequence = 2 for update');
    locked.resolve();
    await gate.promise;
  });
  await locked.promise;
  desk.timers.advance(60_000);
  const purging = `select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%delete from outbox%'`;
  await eventually('the purge stands still in the middle', async () => (await desk.db.query(purging)).length > 0);
  await desk.outbox((rows) => publisher.publish(rows)).add([placed('new', 1)]);
  await eventually('it is published', () => desk.bus.published.length > 0);
  deepStrictEqual(desk.bus.published.map(nameOf), ['new/1']);
  deepStrictEqual((await desk.db.query(purging)).length, 1, 'The purge has not moved meanwhile.');
  gate.resolve();
  await holding;
  await eventually('the old rows are gone', async () => (await desk.db.query('select 1 from outbox')).length === 1);
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
  const missing = messages('k', 2);
  desk.bus.onRepair(SOURCE, async ({ from, to }) => {
    desk.bus.deliver(...missing.slice(from - 1, to));
    return 1;
  });
  await eventually('the gap is filled, and the line has drained', async () => {
    desk.timers.advance(1_000);
    return (await desk.effects()).length === 3;
  });
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2', 'k/3']);
  await consumer.settled();
  await desk.untilLot();
});

test('a purge in the midst of a repair lets no line begin beyond what is on its way to it', { skip }, async (t) => {
  const desk = await setUp(t);
  await desk.outbox().add([placed('k', 1), placed('k', 2)]);
  const { outbox } = postgresMessageStorage(desk.db);
  const ofLine: OutboxRows['ofLine'] = async (gap, limit) => {
    const rows = await outbox.ofLine(gap, limit);
    await desk.db.execute('delete from outbox');
    return rows;
  };
  desk.publisher({ outbox: Object.create(outbox, { ofLine: { value: ofLine } }) });
  const floor = await desk.bus.repair({ source: SOURCE, channel: 'shop.events', key: 'k', from: 1, to: 2 });
  strictEqual(floor, 1);
});
