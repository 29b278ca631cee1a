import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { runInContext } from '@ashlar/telemetry';
import { type OutboxRow, outgoing, unordered } from './message.ts';
import { type Desk, OrderAnswered, OrderPlaced, placed, seeded, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const stored = (desk: Desk) =>
  desk.db.query<{ key: string; sequence: number; n: number }>(
    `select key, sequence, (data->>'n')::int as n from outbox order by position`,
  );

test('promise 1: a transaction that is rolled back publishes nothing and uses up no number', { skip }, async (t) => {
  const desk = await setUp(t);
  const told: OutboxRow[] = [];
  const outbox = desk.outbox((rows) => told.push(...rows));
  const failing = desk.db.transaction(async () => {
    await outbox.add([placed('k', 1)]);
    throw new Error('no');
  });
  await rejects(failing, /no/);
  await rejects(
    desk.db.transaction(async () => {
      await outbox.add([placed('k', 2)]);
      await desk.db.write({ sql: `insert into effects (consumer, key, n) values ('desk', 'k', 13)` });
    }),
    { code: '23514' },
  );
  deepStrictEqual([told, await stored(desk)], [[], []]);
  await outbox.add([placed('k', 3)]);
  deepStrictEqual(await stored(desk), [{ key: 'k', sequence: 1, n: 3 }]);
});

test('promise 1: what a failed part of a transaction had to say is not said', { skip }, async (t) => {
  const desk = await setUp(t);
  const outbox = desk.outbox();
  await desk.db.transaction(async () => {
    await outbox.add([placed('k', 1)]);
    const part = desk.db.transaction(async () => {
      await outbox.add([placed('k', 2)]);
      throw new Error('refused');
    });
    await part.catch(() => {});
    await outbox.add([placed('k', 3)]);
  });
  deepStrictEqual(
    (await stored(desk)).map(({ sequence, n }) => [sequence, n]),
    [
      [1, 1],
      [2, 3],
    ],
  );
});

test('promise 3: the numbers of each key are dense and in the order of the commits, under 32 writers and rollbacks', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const db = desk.pool({ maxConnections: 32 });
  const committed: OutboxRow[] = [];
  const outbox = desk.outbox((rows) => committed.push(...rows), db);
  const chance = seeded(7);
  const keys = ['a', 'b', 'c', 'd'];
  const writers = Array.from({ length: 32 }, async () => {
    for (let round = 0; round < 10; round++) {
      const messages = Array.from({ length: 1 + Math.floor(chance() * 3) }, () =>
        placed(keys[Math.floor(chance() * 4)]!, round),
      );
      const fails = chance() < 0.2;
      await db
        .transaction(async () => {
          await outbox.add(messages);
          if (chance() < 0.5) await db.query('select 1');
          if (fails) await db.write({ sql: 'select 1/0' });
        })
        .catch((error: { code?: string }) => strictEqual(error.code, '22012'));
    }
  });
  await Promise.all(writers);
  const rows = await stored(desk);
  ok(rows.length > 300);
  for (const key of keys) {
    const sequences = rows.filter((row) => row.key === key).map(({ sequence }) => sequence);
    deepStrictEqual(
      sequences,
      sequences.map((_, index) => index + 1),
    );
  }
  const positions = await desk.db.query<{ position: number }>('select position from outbox order by position');
  deepStrictEqual(
    committed.map(({ position }) => position).sort((a, b) => a - b),
    positions.map(({ position }) => position),
  );
});

test('schedule 1.6: writers that take the same keys in opposite order never deadlock', { skip }, async (t) => {
  const desk = await setUp(t);
  const db = desk.pool({ maxConnections: 16 });
  const outbox = desk.outbox(() => {}, db);
  const both = (first: string, second: string) =>
    db.transaction(
      async () => {
        await outbox.add([placed(first, 1)]);
        await outbox.add([placed(second, 1)]);
      },
      { retries: 0 },
    );
  await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? both('a', 'b') : both('b', 'a'))));
  strictEqual((await stored(desk)).length, 200);
});

test('the messages of one transaction keep their order, across keys and within them', { skip }, async (t) => {
  const desk = await setUp(t);
  const outbox = desk.outbox();
  await desk.db.transaction(async () => {
    await outbox.add([placed('b', 1), placed('a', 2)]);
    await outbox.add([placed('b', 3), placed('a', 4), outgoing(OrderAnswered, 'b', { n: 5 })]);
  });
  deepStrictEqual(
    (await stored(desk)).map(({ key, sequence, n }) => `${n}: ${key}/${sequence}`),
    ['1: b/1', '2: a/1', '3: b/2', '4: a/2', '5: b/1'],
  );
});

test('data that break their contract are refused at the source, and nothing of the transaction stays', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const broken = { ...placed('k', 1), data: { n: 'one' } as unknown as { n: number } };
  await rejects(desk.outbox().add([placed('k', 1), broken]), /shop.OrderPlaced.v1: \/n must be integer/);
  deepStrictEqual(await stored(desk), []);
});

test('promise 6: a message carries the trace and the correlation of its work, and its work hears what was written', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const written: unknown[] = [];
  const trace = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sampled: true, traceState: 'vendor=1' };
  const context = {
    trace,
    correlationId: 'the order',
    causationId: 'the request',
    onWritten: (w: unknown) => written.push(w),
  };
  await runInContext(context, () => desk.outbox().add([placed('k', 1), placed('k', 2)]));
  const rows = await desk.db.query('select distinct context from outbox');
  deepStrictEqual(rows, [
    {
      context: {
        traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
        tracestate: 'vendor=1',
        correlationid: 'the order',
        causationid: 'the request',
      },
    },
  ]);
  const line = { channel: 'shop.events', key: 'k' };
  deepStrictEqual(written, [
    [
      { ...line, sequence: 1 },
      { ...line, sequence: 2 },
    ],
  ]);
});

test('schedule 3.2: messages without an order of their own are lines of their own, each with its id as key', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  await desk.outbox().add([unordered(OrderPlaced, { n: 1 }), unordered(OrderPlaced, { n: 2 })]);
  const rows = await desk.db.query(`select key = id::text as "hasItsId", sequence from outbox`);
  deepStrictEqual(rows, [
    { hasItsId: true, sequence: 1 },
    { hasItsId: true, sequence: 1 },
  ]);
  const keys = await desk.db.query('select distinct key from outbox');
  strictEqual(keys.length, 2);
});

test('schedule 3.2: an empty key would put all messages in one line, and is refused', { skip }, async (t) => {
  const desk = await setUp(t);
  await rejects(
    desk.outbox().add([placed('', 1)]),
    /shop.OrderPlaced.v1: its key is empty; a message needs a key, or none at all/,
  );
  deepStrictEqual(await stored(desk), []);
});

test('adding nothing opens no transaction', { skip }, async (t) => {
  const desk = await setUp(t);
  await desk.outbox().add([]);
  strictEqual((await stored(desk)).length, 0);
});
