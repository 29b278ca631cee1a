import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '@ashlar/domain';
import { databaseMissing, eventually } from '@ashlar/postgres';
import { createTracing, currentContext, type RequestContext, SpanRecorder } from '@ashlar/telemetry';
import { DeadLetters } from './dead-letters.ts';
import { contextOf, outgoing } from './message.ts';
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

test('promise 6: each try of a message is told beside the others, and linked to the one before, replays too', {
  skip,
}, async (t) => {
  const desk = await setUp(t);
  const recorder = new SpanRecorder();
  let isIll = true;
  const consumer = desk.consumer(
    async () => {
      if (isIll) throw new DomainError('ill', 'conflict', 'ill');
    },
    { tracing: createTracing({ service: 'desk', recorder }) },
  );
  const parcel = aMessage('k', 1);
  desk.bus.deliver(parcel);
  await consumer.settled();
  const replay = async () => {
    await desk.db.execute(`update parked_messages set status = 'retrying', next_attempt_at = clock_timestamp()`);
    consumer.scanSoon();
  };
  const { trace } = contextOf(parcel.message);
  const tries = () => recorder.spansOf(trace.traceId);
  await replay();
  await eventually('it has been tried again', () => tries().length === 2);
  await desk.untilLot('k/1 dead');
  isIll = false;
  const [letter] = await new DeadLetters(desk.db).list({ limit: 1 });
  await new DeadLetters(desk.db).replay(letter!.id);
  consumer.scanSoon();
  await desk.untilLot();
  deepStrictEqual(
    tries().map(({ parentSpanId, failure }) => [parentSpanId, failure]),
    ['ill', 'ill', undefined].map((failure) => [trace.spanId, failure]),
  );
  const [first, second, third] = tries().map(({ trace: { spanId }, links }) => ({
    spanId,
    after: links?.map((link) => link.spanId),
  }));
  deepStrictEqual([first!.after, second!.after, third!.after], [undefined, [first!.spanId], [second!.spanId]]);
});

test('promise 6: tries that the database fails are made once each, and linked like all others', { skip }, async (t) => {
  const desk = await setUp(t);
  const recorder = new SpanRecorder();
  let isIll = true;
  const consumer = desk.consumer(async () => void (isIll && (await desk.db.query('select 1/0'))), {
    tracing: createTracing({ service: 'desk', recorder }),
  });
  const parcel = aMessage('k', 1);
  desk.bus.deliver(parcel);
  await consumer.settled();
  const tryAgain = async (attempts: number) => {
    await desk.db.execute('update parked_messages set next_attempt_at = clock_timestamp()');
    consumer.scanSoon();
    const read = () => desk.db.query<{ attempts: number }>('select attempts from parked_messages');
    await eventually('it has been tried again', async () => (await read())[0]?.attempts === attempts);
  };
  await tryAgain(2);
  await tryAgain(3);
  isIll = false;
  await desk.db.execute('update parked_messages set next_attempt_at = clock_timestamp()');
  consumer.scanSoon();
  await desk.untilLot();
  const tries = recorder.spansOf(contextOf(parcel.message).trace.traceId);
  strictEqual(tries.length, 4);
  const before = tries.map(({ links }) => links?.map(({ spanId }) => spanId));
  deepStrictEqual(before, [undefined, ...tries.slice(0, 3).map(({ trace: { spanId } }) => [spanId])]);
});
