import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '@ashlar/domain';
import { databaseMissing } from '@ashlar/postgres';
import { Lateness } from './lateness.ts';
import { messages, placed, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

test('promise 6: what is parked counts, whether it is tried again, waits, or is dead; not what was given up', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const consumer = desk.consumer(async ({ subject }) => {
    if (subject === 'ill') throw new Error('ill');
    throw new DomainError('refused', 'invalid', 'It is refused.');
  });
  const parked = [...messages('ill', 2), ...messages('dead', 1), ...messages('given up', 1)];
  desk.bus.deliver(...parked);
  await consumer.settled();
  await desk.db.execute(`update parked_messages set status = 'discarded' where key = 'given up'`);
  deepStrictEqual(await desk.lot(), ['dead/1 dead', 'given up/1 discarded', 'ill/1 retrying', 'ill/2 waiting']);
  const [{ message: first }] = parked as [(typeof parked)[number]];
  const counts = { consumer: 'desk', keys: 2, messages: 3, since: first.time };
  deepStrictEqual(await new Lateness(desk.db).parked(), [counts]);
});

test('promise 6: what is unpublished counts, and no longer once it is published', { skip }, async (t) => {
  const desk = await setUp(t);
  const late = new Lateness(desk.db);
  await desk.outbox().add([placed('k', 1), placed('k', 2)]);
  await desk.db.execute(`update outbox set created_at = clock_timestamp() - interval '1 hour'`);
  const { messages: count, oldestSeconds } = await late.unpublished();
  deepStrictEqual([count, Math.round(oldestSeconds / 60)], [2, 60]);
  await desk.db.execute('update outbox set published_at = clock_timestamp()');
  deepStrictEqual(await late.unpublished(), { messages: 0, oldestSeconds: 0 });
});
