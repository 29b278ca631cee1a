import { deepStrictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../diagnosis.ts';
import { THRESHOLDS } from '../model/architecture-file.ts';
import { EXPORTERS } from './exporters.fixtures.ts';
import { spansIn } from './read-traces.ts';
import { TraceReading } from './trace-facts.ts';
import { type Call, traceOf } from './traces.fixtures.ts';

const foundIn = (text: string) =>
  diagnose({ system: undefined, traces: new TraceReading(spansIn([text]), THRESHOLDS).read() }).findings.map(
    ({ rule, what }) => `${rule}: ${what}`,
  );

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

const selects = (service: string): Call => ({ service, kind: 'client', name: 'select', database: 'mysql://db/shop' });

const asks = (from: string, service: string, ...calls: Call[]): Call => ({
  service: from,
  kind: 'client',
  name: 'ask',
  calls: [{ service, name: 'answer', calls }],
});

const tells = (from: string, service: string): Call => {
  const heard: Call = { service, kind: 'consumer', name: 'handle', destination: 'orders' };
  return { service: from, kind: 'producer', name: 'send', destination: 'orders', calls: [heard] };
};

const GOOD: Call = {
  service: 'gateway',
  calls: [asks('gateway', 'order', selects('order'), asks('order', 'product'), tells('order', 'shipping'))],
};

const BAD: Call = {
  service: 'gateway',
  calls: [asks('gateway', 'order', selects('order'), ...times(6, () => asks('order', 'product', selects('product'))))],
};

for (const [exporter, write] of Object.entries(EXPORTERS)) {
  test(`${exporter}: what is bad is found, and nothing in what is good`, () => {
    deepStrictEqual(foundIn(write(traceOf(GOOD))), []);
    deepStrictEqual(foundIn(write(traceOf(BAD))), [
      'database-per-service: order and product ask one database, mysql://db/shop',
      'chatty-services: order asks product for answer up to 6 times under one parent, under 1 parents (N+1)',
    ]);
  });
}

const otlp = (spans: ReturnType<typeof traceOf>): string => EXPORTERS['OTLP']!(spans);

test('spans that an exporter has sent twice count once', () => {
  const spans = traceOf({ service: 'order', calls: times(3, () => asks('order', 'product')) });
  deepStrictEqual(foundIn(otlp([...spans, ...spans])), []);
});

/** Both sides of five requests that are named by their method alone. */
const gets = (paths: readonly string[]): string =>
  JSON.stringify({
    resourceSpans: ['order', 'product'].map((service) => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [
        {
          spans: [
            ...(service === 'order' ? [{ traceId: 'a1', spanId: 'ff', name: 'GET', kind: 2 }] : []),
            ...paths.map((path, at) => ({
              traceId: 'a1',
              spanId: `${service === 'order' ? 1 : 2}${at}`,
              parentSpanId: service === 'order' ? 'ff' : `1${at}`,
              name: 'GET',
              kind: service === 'order' ? 3 : 2,
              attributes: [{ key: 'url.path', value: { stringValue: path } }],
            })),
          ],
        },
      ],
    })),
  });

test('requests that are named by their method alone are the same where they ask for the same', () => {
  deepStrictEqual(foundIn(gets(['/stock', '/price', '/name', '/picture', '/reviews'])), []);
  deepStrictEqual(foundIn(gets(times(5, (at) => `/products/${at}`))), [
    'chatty-services: order asks product for GET /products/* up to 5 times under one parent, under 1 parents (N+1)',
  ]);
});

/** A message is made, and sent by a call of the broker; who hears it may be told as a call as well. */
const sent = (isHeard: boolean): string => {
  const span = ([spanId, parentSpanId]: readonly string[], kind: number, operation: string) => ({
    traceId: 'a1',
    spanId,
    ...(parentSpanId && { parentSpanId }),
    name: `${operation} parcels`,
    kind,
    attributes: Object.entries({ 'messaging.system': 'sqs', 'messaging.operation.type': operation }).map(
      ([key, stringValue]) => ({ key, value: { stringValue } }),
    ),
  });
  const spans = [
    span(['b1'], 4, 'create'),
    span(['b2', 'b1'], 3, 'send'),
    ...(isHeard ? [span(['b3', 'b1'], 3, 'process')] : []),
  ];
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
};

test('the call that sends a message to the broker is not the message', () => {
  const ends =
    'The trace ends where unknown_service sends to create parcels: none of 1 messages is followed by its consumer';
  deepStrictEqual(foundIn(sent(true)), []);
  deepStrictEqual(foundIn(sent(false)), [`tracing: ${ends}`]);
});

test('who only follows, by the word of OpenTracing, is not waited for', () => {
  const span = (spanID: string, service: string, parent?: readonly [refType: string, spanID: string]) => ({
    traceID: '1',
    spanID,
    operationName: 'work',
    references: parent ? [{ refType: parent[0], traceID: '1', spanID: parent[1] }] : [],
    process: { serviceName: service },
  });
  const circle = (refType: string): string =>
    JSON.stringify([span('1', 'a'), span('2', 'b', [refType, '1']), span('3', 'a', [refType, '2'])]);
  deepStrictEqual(foundIn(circle('FOLLOWS_FROM')), []);
  deepStrictEqual(foundIn(circle('CHILD_OF')), [
    'distributed-monolith: a → b → a: they wait for each other in a circle',
  ]);
});
