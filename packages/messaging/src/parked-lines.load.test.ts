import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '@ashlar/domain';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { DeadLetters } from './dead-letters.ts';
import { aMessage, type Desk, messages, type Order, seeded, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

const refusal = () => new DomainError('no', 'invalid', 'It is refused.');
const upTo = (count: number) => Array.from({ length: count }, (_, index) => `k/${index + 1}`);

/** Looks at the parking lot again and again, as time would have it, until it is empty. */
const drained = (desk: Desk) =>
  eventually('the parking lot is empty', async () => {
    await desk.timePasses();
    return (await desk.lot()).length === 0;
  });

async function idOf(desk: Desk, sequence: number): Promise<string> {
  const [row] = await desk.db.query<{ id: string }>('select id from parked_messages where sequence = $1', [sequence]);
  return row!.id;
}

/** So many messages of one key that are parked behind a dead one. */
async function aParkedLine(desk: Desk, length: number): Promise<void> {
  const template = JSON.stringify(aMessage('k', 1).message);
  await desk.db.execute(
    `insert into parked_messages
       (id, consumer, source, channel, key, sequence, type, message, status, attempts, error)
     select gen_random_uuid(), 'desk', '/services/shop', 'shop.events', 'k', n, 'shop.OrderPlaced.v1',
       $2::jsonb || jsonb_build_object('id', gen_random_uuid(), 'sequence', lpad(n::text, 20, '0'),
         'data', jsonb_build_object('n', 100 + n)),
       case n when 1 then 'dead' else 'waiting' end, 1, 'refused'
     from generate_series(1, $1::int) n`,
    [length, template],
  );
  await desk.db.execute(
    `insert into inbox (consumer, source, channel, key, sequence, previous, parked)
     values ('desk', '/services/shop', 'shop.events', 'k', 0, -1, true)`,
  );
}

test('promise 4: a line of 10,000 drains in order, a hundred in a transaction, and fresh keys go first', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  await aParkedLine(desk, 10_000);
  let commits = 0;
  const db = desk.pool({ beforeCommit: () => void commits++ });
  let handled = 0;
  const waited: number[] = [];
  const consumer = desk.consumer(
    async (order: Order) => {
      if (order.subject !== 'k') waited.push(handled - order.data.n);
      else if (++handled % 1_000 === 0) desk.bus.deliver(aMessage(`fresh ${handled}`, 1, { data: { n: handled } }));
      await desk.note(order, { db });
    },
    { db },
  );
  commits = 0;
  strictEqual(await new DeadLetters(desk.db).replay(await idOf(desk, 1)), true);
  consumer.scanSoon();
  await eventually('half of it is handled', () => handled > 5_000);
  await eventually('all is handled', async () => (await desk.lot()).length === 0);
  const [order] = await desk.db.query<{ wrong: number; count: number }>(
    `select count(*) as count, count(*) filter (where n <> 100 + place) as wrong
     from (select n, row_number() over (order by position) as place from effects where key = 'k') e`,
  );
  deepStrictEqual(order, { count: 10_000, wrong: 0 });
  ok(commits < 200, `${commits} transactions`);
  ok(waited.length >= 9 && waited.every((messages) => messages <= 100), `fresh keys waited for ${waited}`);
});

test('promise 3: order is kept while new messages of the key arrive, two operators replay, and processes die', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const chance = seeded(7);
  let isMended = false;
  let dying = false;
  const beforeCommit = () => {
    if (dying && chance() < 0.15) throw new Error('killed');
  };
  const db = desk.pool({ beforeCommit });
  const handle = async (order: Order) => {
    if (order.data.n % 10 === 3 && !isMended) throw refusal();
    await desk.note(order, { db });
  };
  desk.consumer(handle, { db });
  const all = messages('k', 120);
  for (const message of all)
    Object.assign(message.message.data as object, { n: 100 + Number(message.message.sequence) });
  desk.bus.deliver(...all.slice(0, 30));
  await eventually('the line is parked', async () => (await desk.lot()).length === 28);
  isMended = true;
  dying = true;
  const operators = [1, 2].map(async () => {
    const letters = new DeadLetters(desk.pool());
    for (;;) {
      const dead = await letters.list({ limit: 10, status: 'dead' });
      for (const { id } of dead) await letters.replay(id);
      desk.timers.advance(1_000);
      if ((await desk.effects()).length === all.length) return;
    }
  });
  for (let at = 30; at < all.length; at += 5) desk.bus.deliver(...all.slice(at, at + 5), all[at - 3]!);
  await eventually('all is handled', async () => (await desk.effects()).length === all.length);
  dying = false;
  await Promise.all(operators);
  await drained(desk);
  deepStrictEqual(
    await desk.effects(),
    all.map(({ message }) => `k/${(message.data as { n: number }).n}`),
  );
});

test('a handler that fails again in the middle of a drain stops the line there, and loses nothing behind it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const refused = new Set([1, 4]);
  const consumer = desk.consumer(async (order: Order) => {
    if (refused.has(order.data.n)) throw refusal();
    await desk.note(order);
  });
  desk.bus.deliver(...messages('k', 6));
  await consumer.settled();
  refused.delete(1);
  const letters = new DeadLetters(desk.db);
  await letters.replay(await idOf(desk, 1));
  consumer.scanSoon();
  await desk.untilLot('k/4 dead', 'k/5 waiting', 'k/6 waiting');
  deepStrictEqual(await desk.effects(), upTo(3));
  refused.clear();
  await letters.replay(await idOf(desk, 4));
  consumer.scanSoon();
  await desk.untilLot();
  deepStrictEqual(await desk.effects(), upTo(6));
});

test('a message in the middle of a drain that the database refuses is blamed alone', { skip }, async (t) => {
  const desk = await setUp(t);
  let ill = true;
  const consumer = desk.consumer(async (order: Order) => {
    if (ill) throw refusal();
    await desk.note(order);
  });
  desk.bus.deliver(...messages('k', 20));
  await consumer.settled();
  ill = false;
  await new DeadLetters(desk.db).replay(await idOf(desk, 1));
  consumer.scanSoon();
  await eventually('13 is blamed', async () => (await desk.lot())[0] === 'k/13 retrying');
  deepStrictEqual(await desk.effects(), upTo(12));
  strictEqual((await desk.lot()).length, 8);
});

test('replay and discard of one message at once: it is handled or given up, and the rest follows in order', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  for (let round = 1; round <= 10; round++) {
    const key = `race ${round}`;
    let ill = true;
    const consumer = desk.consumer(
      async (order: Order) => {
        if (ill && order.subject === key && order.data.n === 1) throw refusal();
        if (order.subject === key) await desk.note(order);
      },
      { name: `desk ${round}` },
    );
    desk.bus.deliver(...messages(key, 3));
    await consumer.settled();
    ill = false;
    const letters = new DeadLetters(desk.db);
    const [dead] = await letters.list({ consumer: `desk ${round}`, status: 'dead', limit: 1 });
    await Promise.all([letters.replay(dead!.id), letters.discard(dead!.id), consumer.scanSoon()]);
    await eventually('the line has drained', async () => {
      await desk.timePasses();
      return (await letters.list({ consumer: `desk ${round}`, limit: 1 })).length === 0;
    });
    await eventually('the rest is handled', async () => (await desk.effects(`key = '${key}'`)).length >= 2);
    await desk.timePasses();
    const effects = (await desk.effects(`key = '${key}'`)).join();
    ok([`${key}/1,${key}/2,${key}/3`, `${key}/2,${key}/3`].includes(effects), effects);
    await consumer.stop();
  }
});
