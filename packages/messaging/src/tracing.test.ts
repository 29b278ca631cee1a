import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { databaseMissing } from '@ashlar/postgres';
import { currentContext, type RequestContext } from '@ashlar/telemetry';
import { outgoing } from './message.ts';
import { aMessage, OrderAnswered, useMessaging } from './messaging.fixtures.ts';

const skip = databaseMissing;
const setUp = useMessaging();

test('promise 6: trace, correlation and causation go from a message through its handler to what it sends', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const outbox = desk.outbox();
  const parcels = [aMessage('a', 1), aMessage('b', 1)];
  const consumer = desk.consumer(({ subject, data }) => outbox.add([outgoing(OrderAnswered, subject, data)]));
  desk.bus.deliver(...parcels);
  await consumer.settled();
  const rows = await desk.db.query<{ context: Record<string, string> }>('select context from outbox order by key');
  for (const [index, { context }] of rows.entries()) {
    const { message } = parcels[index]!;
    strictEqual(context['causationid'], message.id);
    strictEqual(context['correlationid'], message.correlationid);
    strictEqual(context['traceparent']?.slice(0, 36), message.traceparent.slice(0, 36));
    strictEqual(context['traceparent'] === message.traceparent, false, 'It is a span of its own.');
  }
  strictEqual(rows.length, 2);
});

test('promise 6: a message that was parked is retried in its own context, not in that of whoever wakes it', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const seen: (RequestContext | undefined)[] = [];
  const consumer = desk.consumer(async () => {
    seen.push(currentContext());
    if (seen.length === 1) throw new Error('ill');
  });
  const parcel = aMessage('k', 1);
  desk.bus.deliver(parcel);
  await consumer.settled();
  await desk.timePasses();
  await desk.untilLot();
  deepStrictEqual(
    seen.map((context) => [context?.causationId, context?.correlationId]),
    [1, 2].map(() => [parcel.message.id, 'correlation of k']),
  );
});
