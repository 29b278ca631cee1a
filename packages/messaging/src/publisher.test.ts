import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { nameOf } from './hand-bus.fixtures.ts';
import { type Desk, placed, SOURCE, useMessaging } from './messaging.fixtures.ts';
import { PostgresOutboxRows } from './postgres-outbox-rows.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const names = (desk: Desk) => desk.bus.published.map(nameOf);
const unpublished = async (desk: Desk) =>
  (await desk.db.query('select key from outbox where published_at is null order by position')).map(
    ({ key }) => key as string,
  );
const line = (key: string) => ({ source: SOURCE, channel: 'shop.events', key });

/** A service that writes and publishes. */
async function aService(t: Parameters<typeof setUp>[0], options: Parameters<Desk['publisher']>[0] = {}) {
  const desk = await setUp(t);
  const publisher = desk.publisher(options);
  await publisher.start();
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  return { desk, publisher, outbox };
}

const marked = (desk: Desk) =>
  eventually('all rows are marked', async () => {
    desk.timers.advance(100);
    return (await unpublished(desk)).length === 0;
  });

test('the fast path publishes after the commit, without reading anything back', { skip }, async (t) => {
  const { desk, publisher, outbox } = await aService(t);
  await desk.db.transaction(async () => {
    await outbox.add([placed('k', 1), placed('k', 2)]);
    await desk.db.query('select 1');
    deepStrictEqual(names(desk), []);
  });
  await eventually('both are published', () => names(desk).length === 2);
  deepStrictEqual(
    [names(desk), await unpublished(desk)],
    [
      ['k/1', 'k/2'],
      ['k', 'k'],
    ],
  );
  await marked(desk);
  await eventually('nothing is on its way', () => publisher.inFlight === 0);
  deepStrictEqual(names(desk), ['k/1', 'k/2']);
});

test('what is committed before the publisher starts waits in the table until it does', { skip }, async (t) => {
  const desk = await setUp(t);
  const publisher = desk.publisher();
  const outbox = desk.outbox((rows) => publisher.publish(rows));
  await outbox.add([placed('k', 1)]);
  deepStrictEqual([names(desk), publisher.inFlight], [[], 0]);
  await publisher.start();
  await eventually('it is published', () => names(desk).length === 1);
});

test('promise 1: what was committed by a process that died before it could publish is published by the next', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  await desk.outbox().add([placed('k', 1), placed('j', 1)]);
  await desk.publisher().start();
  await eventually('it is published', () => names(desk).length === 2);
  await marked(desk);
});

test('a process that died between publishing and marking publishes again, under the same id and number', {
  skip,
}, async (t) => {
  const { desk, outbox } = await aService(t);
  await outbox.add([placed('k', 1)]);
  await eventually('it is published', () => names(desk).length === 1);
  await desk.publisher().start();
  await eventually('it is published again', () => names(desk).length === 2);
  const [fast, fromTable] = desk.bus.published;
  deepStrictEqual(fast, fromTable, 'The table and the memory must tell the same.');
});

test('schedule 1.1: a row that a frozen writer commits late, below rows long published, is found', {
  skip,
}, async (t) => {
  const { desk, outbox } = await aService(t);
  const [open, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const frozen = desk.pool();
  const late = frozen.transaction(async () => {
    await frozen.execute(`insert into outbox (id, channel, key, sequence, type, time, data, context)
      values (gen_random_uuid(), 'shop.events', 'late', 1, 'shop.OrderPlaced.v1', now(), '{"n": 1}', '{}')`);
    open.resolve();
    await gate.promise;
  });
  await open.promise;
  await outbox.add([placed('early', 1)]);
  await marked(desk);
  await outdate(desk);
  desk.timers.advance(1_000);
  gate.resolve();
  await late;
  await outdate(desk);
  await eventually('the late row is published', () => {
    desk.timers.advance(1_000);
    return names(desk).includes('late/1');
  });
  const order = await desk.db.query('select key from outbox order by position');
  deepStrictEqual(order, [{ key: 'late' }, { key: 'early' }]);
  strictEqual(names(desk).filter((name) => name === 'early/1').length, 1);
});

test('the sweeper leaves young rows to those who wrote them', { skip }, async (t) => {
  const desk = await setUp(t);
  await desk.publisher().start();
  await desk.outbox().add([placed('k', 1)]);
  desk.timers.advance(1_000);
  await desk.db.query('select 1');
  deepStrictEqual(names(desk), []);
  await outdate(desk);
  await eventually('it is old enough', () => {
    desk.timers.advance(1_000);
    return names(desk).length === 1;
  });
});

test('schedule 1.4: past its capacity the process publishes from the table until it has caught up', {
  skip,
}, async (t) => {
  const { desk, publisher, outbox } = await aService(t, { capacity: 5 });
  const answer = Promise.withResolvers<void>();
  desk.bus.onPublish = () => answer.promise;
  const looks = t.mock.method(PostgresOutboxRows.prototype, 'unpublished').mock;
  for (let n = 1; n <= 5; n++) await outbox.add([placed('k', n)]);
  deepStrictEqual([publisher.inFlight, looks.callCount()], [5, 0]);
  for (let n = 6; n <= 20; n++) await outbox.add([placed('k', n)]);
  ok(looks.callCount() > 0);
  answer.resolve();
  await outdate(desk);
  await eventually('all are published', () => {
    desk.timers.advance(1_000);
    return new Set(names(desk)).size === 20;
  });
  await marked(desk);
  await outbox.add([placed('k', 21)]);
  await eventually('the fast path is back', () => names(desk).includes('k/21'));
});

test('a publication that failed is made again from the table', { skip }, async (t) => {
  const { desk, outbox } = await aService(t);
  let failures = 1;
  desk.bus.onPublish = async () => {
    if (failures-- > 0) throw new Error('The broker is away.');
  };
  await outbox.add([placed('k', 1)]);
  await eventually('it has failed', () => desk.failures.length === 1);
  await outbox.add([placed('k', 2)]);
  deepStrictEqual(names(desk), [], 'Nobody tries again for a second.');
  desk.timers.advance(1_000);
  await eventually('both are published', () => names(desk).length === 2);
  match(String(desk.failures[0]), /The broker is away/);
  await marked(desk);
});

test('a broker that is down fails no write; what piled up is published when it is back', { skip }, async (t) => {
  const { desk, outbox } = await aService(t);
  let down = true;
  desk.bus.onPublish = async (parcels) => {
    if (down && parcels.length > 0) throw new Error('The broker is away.');
  };
  for (let n = 1; n <= 5; n++) await outbox.add([placed(`k${n}`, n)]);
  await outdate(desk);
  desk.timers.advance(3_000);
  deepStrictEqual((await unpublished(desk)).length, 5);
  down = false;
  await eventually('all are published', () => {
    desk.timers.advance(1_000);
    return new Set(names(desk)).size === 5;
  });
  await marked(desk);
});

test('a row is marked only when the bus has answered for it', { skip }, async (t) => {
  const { desk, publisher, outbox } = await aService(t);
  const answer = Promise.withResolvers<void>();
  desk.bus.onPublish = () => answer.promise;
  await outbox.add([placed('k', 1)]);
  await outdate(desk);
  desk.timers.advance(5_000);
  deepStrictEqual([await unpublished(desk), publisher.inFlight], [['k'], 1]);
  answer.resolve();
  await marked(desk);
  deepStrictEqual(names(desk), ['k/1'], 'What is on its way is not swept.');
});

test('more than a page that was left behind is published whole, a page at a time', { skip }, async (t) => {
  const desk = await setUp(t);
  await fill(desk, 2_345);
  const pages: number[] = [];
  const answer = Promise.withResolvers<void>();
  desk.bus.onPublish = async ({ length }) => {
    if (length > 0) pages.push(length);
    await answer.promise;
  };
  const starting = desk.publisher().start();
  await eventually('the first page is on its way', () => pages.length > 0);
  for (let looks = 0; looks < 100; looks++) await desk.db.query('select 1');
  deepStrictEqual(pages, [1_000]);
  answer.resolve();
  await starting;
  await eventually('all are published', () => new Set(names(desk)).size === 2_345);
  await marked(desk);
  strictEqual(names(desk).length, 2_345);
});

test('schedule 1.2: published rows are dropped after the retention, unpublished ones never', { skip }, async (t) => {
  const desk = await setUp(t);
  await fill(desk, 12_000);
  await desk.db.execute(`update outbox set published_at = clock_timestamp() - interval '25 hours' where sequence > 2`);
  await desk.db.execute(
    `update outbox set published_at = clock_timestamp() - interval '23 hours' where sequence = 12000`,
  );
  await desk.db.execute(`update outbox set created_at = clock_timestamp() - interval '1 year'`);
  desk.bus.onPublish = async (parcels) => {
    if (parcels.length > 0) throw new Error('The broker is away.');
  };
  await desk.publisher().start();
  desk.timers.advance(60_000);
  const left = () => desk.db.query<{ sequence: number }>('select sequence from outbox order by sequence');
  await eventually('the old ones are gone, more than one portion of them', async () => (await left()).length <= 3);
  deepStrictEqual(
    (await left()).map(({ sequence }) => sequence),
    [1, 2, 12_000],
  );
  deepStrictEqual((await desk.db.query('select sequence from outbox_keys')).length, 0);
});

test('a counter outlives the rows that it has numbered', { skip }, async (t) => {
  const { desk, outbox } = await aService(t);
  await outbox.add([placed('k', 1)]);
  await desk.db.execute(`update outbox set published_at = clock_timestamp() - interval '25 hours'`);
  desk.timers.advance(60_000);
  await eventually('the row is gone', async () => (await desk.db.query('select 1 from outbox')).length === 0);
  await outbox.add([placed('k', 2)]);
  await eventually('the next is published', () => names(desk).includes('k/2'));
});

test('schedule 2.2: a gap is sent again by its source, which says where the key now begins', { skip }, async (t) => {
  const { desk, outbox } = await aService(t);
  for (let n = 1; n <= 5; n++) await outbox.add([placed('k', n)]);
  await marked(desk);
  desk.bus.published.splice(0);
  strictEqual(await desk.bus.repair({ ...line('k'), from: 2, to: 3 }), 2);
  deepStrictEqual(names(desk), ['k/2', 'k/3']);
  await desk.db.execute('delete from outbox where sequence = 3');
  strictEqual(await desk.bus.repair({ ...line('k'), from: 3, to: 3 }), 4, 'A hole in the middle is a hole.');
  await desk.db.execute('delete from outbox where sequence <= 3');
  strictEqual(await desk.bus.repair({ ...line('k'), from: 2, to: 4 }), 4);
  await desk.db.execute('delete from outbox');
  strictEqual(await desk.bus.repair({ ...line('k'), from: 2, to: 6 }), 7);
});

test('a publisher that was stopped marks what is answered, and begins nothing new', { skip }, async (t) => {
  const { desk, publisher, outbox } = await aService(t);
  await outbox.add([placed('k', 1)]);
  await eventually('it is published', () => names(desk).length === 1);
  await publisher.stop();
  deepStrictEqual(await unpublished(desk), []);
  await outbox.add([placed('k', 2)]);
  desk.timers.advance(5_000);
  deepStrictEqual([await unpublished(desk), names(desk)], [['k'], ['k/1']]);
});

test('a mark that fails is made later', { skip }, async (t) => {
  const { desk, outbox } = await aService(t);
  await outbox.add([placed('k', 1)]);
  await eventually('it is published', () => names(desk).length === 1);
  await desk.server.admit(false);
  desk.timers.advance(100);
  await eventually('the failure is told', () => desk.failures.length > 0);
  await desk.server.admit(true);
  await again(() => marked(desk));
  strictEqual(names(desk).length, 1);
});

/** All rows look as if they had been written a while ago. */
const outdate = (desk: Desk) => desk.db.execute(`update outbox set created_at = created_at - interval '3 seconds'`);

const fill = (desk: Desk, count: number) =>
  desk.db.execute(
    `insert into outbox (id, channel, key, sequence, type, time, data, context)
     select gen_random_uuid(), 'shop.events', 'k', n, 'shop.OrderPlaced.v1', now(), '{"n": 1}', '{}'
     from generate_series(1, $1) n`,
    [count],
  );

/** The first connection of a pool may still be one that was cut. */
const again = (work: () => Promise<void>) => work().catch(work);
