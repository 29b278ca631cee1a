import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '@ashlar/domain';
import { ConcurrencyError, databaseMissing, eventually, PostgresDatabase, UnknownCommitError } from '@ashlar/postgres';
import { DeadLetters } from './dead-letters.ts';
import { nameOf } from './hand-bus.fixtures.ts';
import { aMessage, type Desk, messages, type Order, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

test('promise 4: a parked message that loses its race again and again ends dead, and holds up no other line', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  let ill = true;
  const consumer = desk.consumer(async (order) => {
    if (ill) throw new Error('ill');
    if (order.subject === 'contested') throw new ConcurrencyError('The order');
    await desk.note(order);
  });
  desk.bus.deliver(...messages('contested', 2), ...messages('ordinary', 2));
  await consumer.settled();
  ill = false;
  desk.bus.deliver(aMessage('well', 1));
  await desk.timePasses();
  await eventually('the race was lost, and the others went on', async () => {
    const [contested] = await tries(desk, 'contested');
    return contested !== '1 retrying' && (await desk.effects()).length === 3;
  });
  deepStrictEqual(await desk.effects(`key = 'ordinary'`), ['ordinary/1', 'ordinary/2']);
  await eventually('five tries are over', async () => {
    await desk.timePasses();
    return (await tries(desk, 'contested'))[0] === '5 dead';
  });
  deepStrictEqual(await desk.lot(), ['contested/1 dead', 'contested/2 waiting']);
});

test('promise 4: gaps that nobody can fill any more keep no other line from being asked for', { skip }, async (t) => {
  const desk = await setUp(t);
  const keys = Array.from({ length: 250 }, (_, n) => `k${n}`);
  const rows = JSON.stringify(keys.map((key) => ({ key, message: aMessage(key, 3).message })));
  const each = `'desk', '/services/shop', 'shop.events', key`;
  await desk.db.execute(
    `with line as (select * from json_to_recordset($1) as line(key text, message jsonb)), parked as (
       insert into parked_messages (id, consumer, source, channel, key, sequence, type, message, status)
       select gen_random_uuid(), ${each}, 3, 'shop.OrderPlaced.v1', message, 'waiting' from line)
     insert into inbox (consumer, source, channel, key, sequence, previous, parked)
     select ${each}, 1, 0, true from line`,
    [rows],
  );
  desk.bus.onAsked = async ({ to }) => to + 1;
  desk.consumer();
  await eventually('each was asked for', () => {
    desk.timers.advance(1_000);
    return new Set(desk.bus.asked.map(({ key }) => key)).size === keys.length;
  });
});

/** k/1 is dead and given up by an operator, k/2 waits behind it; `db` is the pool of the consumer. */
async function aDiscardedHead(desk: Desk, db: PostgresDatabase) {
  const calls: string[] = [];
  const consumer = desk.consumer(
    async (order: Order) => {
      calls.push(`${order.subject}/${order.data.n}`);
      if (order.data.n === 1) throw new DomainError('no', 'invalid', 'It is refused.');
      await desk.note(order, { db });
    },
    { db },
  );
  desk.bus.deliver(...messages('k', 2));
  await consumer.settled();
  await operator(desk, 'discard', 1);
  return { calls, consumer };
}

for (const crash of [new UnknownCommitError('crash'), new Error('crash')]) {
  test(`schedule 1.10: a message that was given up is not tried again when its removal fails with ${crash.name}`, {
    skip,
  }, async (t) => {
    const desk = await setUp(t);
    let crashes = 0;
    const beforeCommit = () => {
      if (crashes-- > 0) throw crash;
    };
    const { calls } = await aDiscardedHead(desk, desk.pool({ beforeCommit }));
    crashes = 1;
    desk.timers.advance(1_000);
    await eventually('the crash is over', () => crashes <= 0);
    await eventually('the next message was handled', async () => {
      desk.timers.advance(1_000);
      return (await desk.effects()).length === 1;
    });
    await desk.untilLot();
    deepStrictEqual([calls.filter((call) => call === 'k/1'), desk.parked], [['k/1'], ['k/1']]);
  });
}

test('schedule 1.10: where a removal did happen and its answer is lost, the innocent message behind is not blamed', {
  skip,
}, async (t) => {
  class Forgetful extends PostgresDatabase {
    forget = 0;
    override async transaction<T>(work: () => Promise<T>): Promise<T> {
      const outermost = !this.inTransaction;
      const result = await super.transaction(work);
      if (outermost && this.forget-- > 0) throw new UnknownCommitError('The answer was lost.');
      return result;
    }
  }
  const desk = await setUp(t);
  const db = desk.closing(new Forgetful({ url: desk.server.url }));
  const { calls } = await aDiscardedHead(desk, db);
  db.forget = 1;
  desk.timers.advance(1_000);
  await eventually('the failure is told', () => desk.failures.length === 1);
  await desk.timePasses();
  desk.bus.deliver(aMessage('k', 3));
  await desk.effectsBecome('k/2', 'k/3');
  await desk.untilLot();
  deepStrictEqual([calls, desk.parked], [['k/1', 'k/2', 'k/3'], ['k/1']]);
});

/** k/1 is handled, k/2 is kept by nobody any more, k/3 and k/4 are parked behind the gap. */
async function aLastingGap(desk: Desk) {
  const consumer = desk.consumer();
  desk.bus.onAsked = async () => 3;
  desk.bus.deliver(aMessage('k', 1));
  await desk.effectsBecome('k/1');
  desk.bus.deliver(aMessage('k', 3), aMessage('k', 4));
  await desk.untilHeld();
  desk.timers.advance(1_000);
  desk.timers.advance(1_000);
  await desk.untilLot('k/3 waiting', 'k/4 waiting');
  return consumer;
}

test('schedule 3.5: giving up a message behind a gap gives up the gap, and what follows drains', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = await aLastingGap(desk);
  await operator(desk, 'discard', 3);
  desk.timers.advance(1_000);
  await desk.effectsBecome('k/1', 'k/4');
  await desk.untilLot();
  const late = aMessage('k', 2);
  desk.bus.deliver(late, aMessage('k', 5));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/4', 'k/5']);
  strictEqual(desk.bus.acknowledged.includes(nameOf(late)), true);
});

test('schedule 2.2: replaying a message behind a gap that nobody can fill lets the line go on with it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = await aLastingGap(desk);
  await operator(desk, 'replay', 3);
  await eventually('the source was asked, and the line has gone on', async () => {
    desk.timers.advance(1_000);
    return (await desk.lot()).length === 0;
  });
  desk.bus.deliver(aMessage('k', 5));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'k/3', 'k/4', 'k/5']);
});

test('schedule 2.2: without the word of an operator a known line never skips what is missing', { skip }, async (t) => {
  const desk = await setUp(t);
  const consumer = await aLastingGap(desk);
  await operator(desk, 'replay', 4);
  const asked = desk.bus.asked.length;
  await eventually('the source was asked again and again', () => {
    desk.timers.advance(1_000);
    return desk.bus.asked.length > asked + 3;
  });
  desk.timers.advance(1_000);
  desk.bus.deliver(aMessage('well', 1));
  await consumer.settled();
  deepStrictEqual(await desk.effects(), ['k/1', 'well/1']);
  deepStrictEqual(await desk.lot(), ['k/3 waiting', 'k/4 retrying']);
});

test('schedule 2.2: a source that cannot be asked does not keep another from filling its gap', { skip }, async (t) => {
  const desk = await setUp(t);
  desk.consumer();
  desk.bus.onAsked = async () => {
    throw new Error('The source is away.');
  };
  const { channel, message } = aMessage('k', 2);
  const sources = ['/services/one', '/services/other'];
  desk.bus.deliver(...sources.map((source) => ({ channel, message: { ...message, source } })));
  await desk.untilHeld(2);
  desk.timers.advance(2_000);
  await desk.untilLot('k/2 waiting', 'k/2 waiting');
  const asked: string[] = [];
  desk.bus.onAsked = async ({ source }) => {
    asked.push(source);
    if (source === asked[0]) throw new Error('The source is still away.');
    desk.bus.deliver({ channel, message: { ...aMessage('k', 1).message, source } });
    return 1;
  };
  await eventually('the line of the second source has drained', async () => {
    desk.timers.advance(1_000);
    return (await desk.lot()).length === 1;
  });
  deepStrictEqual(await desk.effects(), ['k/1', 'k/2']);
  deepStrictEqual(await desk.db.query('select source from parked_messages'), [{ source: asked[0] }]);
});

/** What an operator does with the message of this number. */
async function operator(desk: Desk, what: 'replay' | 'discard', sequence: number): Promise<void> {
  const letters = new DeadLetters(desk.db);
  const letter = (await letters.list({ limit: 10 })).find((candidate) => candidate.sequence === sequence);
  strictEqual(await letters[what](letter!.id), true);
}

/** `2 retrying`: how often each parked message of a key has failed, and what it waits for. */
async function tries({ db }: Desk, key: string): Promise<string[]> {
  const rows = await db.query<{ row: string }>(
    `select attempts || ' ' || status as row from parked_messages where key = $1 order by sequence`,
    [key],
  );
  return rows.map(({ row }) => row);
}
