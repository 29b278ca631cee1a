import { deepStrictEqual, rejects } from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { JsonScanner } from './json-scanner.ts';
import { readTraces, spansIn } from './read-traces.ts';
import { FORMATS } from './span-formats.ts';
import { SpanStore } from './span-store.ts';
import { temporaryFile } from './traces.fixtures.ts';

const T = '5b8efff798038103d269b633813fc60c';
const [A, B] = ['eee19b7ec3c1b173', 'eee19b7ec3c1b174'];

const OTLP = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'order' } }] },
      scopeSpans: [
        { spans: [{ traceId: T, spanId: A, name: 'GET /orders/{id}', kind: 2, startTimeUnixNano: '1000000' }] },
      ],
    },
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: T,
              spanId: B,
              parentSpanId: A,
              name: 'say "hi" {[}]\\',
              kind: 'SPAN_KIND_SERVER',
              status: { code: 2 },
              attributes: [
                { key: 'db.system.name', value: { stringValue: 'postgresql' } },
                { key: 'server.address', value: { stringValue: 'db' } },
                { key: 'db.namespace', value: { stringValue: 'shop' } },
              ],
            },
          ],
        },
      ],
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'product' } }] },
    },
  ],
};

const JAEGER = {
  data: [
    {
      traceID: T,
      spans: [
        {
          traceID: T,
          spanID: A,
          operationName: 'GET /orders/{id}',
          processID: 'p1',
          startTime: 1_000,
          tags: [{ key: 'span.kind', value: 'server' }],
        },
        {
          traceID: T,
          spanID: B,
          operationName: 'say "hi" {[}]\\',
          processID: 'p2',
          references: [{ refType: 'CHILD_OF', traceID: T, spanID: A }],
          tags: [
            { key: 'span.kind', value: 'server' },
            { key: 'error', value: true },
            { key: 'db.system', value: 'postgresql' },
            { key: 'peer.address', value: 'db:5432' },
            { key: 'db.name', value: 'shop' },
          ],
        },
      ],
      processes: { p1: { serviceName: 'order' }, p2: { serviceName: 'product' } },
    },
  ],
};

const ZIPKIN = [
  [
    {
      traceId: T,
      id: A,
      name: 'GET /orders/{id}',
      kind: 'SERVER',
      timestamp: 1_000,
      localEndpoint: { serviceName: 'order' },
    },
    {
      traceId: T,
      id: B,
      parentId: A,
      name: 'say "hi" {[}]\\',
      kind: 'SERVER',
      localEndpoint: { serviceName: 'product' },
      tags: { error: '500', 'db.system': 'postgresql', 'net.peer.name': 'db', 'db.name': 'shop' },
    },
  ],
];

const EXPECTED = [
  ['order', 'GET /orders/*', 'server', '', false, ''],
  ['product', 'say "hi" {[}]\\', 'server', A, true, 'postgresql://db/shop'],
];

const told = (spans: SpanStore) =>
  Array.from({ length: spans.size }, (_, row) => [
    spans.service(row),
    spans.operation(row),
    spans.kind(row),
    spans.parentId(row),
    spans.isError(row),
    spans.database(row),
  ]);

for (const [format, value] of Object.entries({ otlp: OTLP, jaeger: JAEGER, zipkin: ZIPKIN })) {
  test(`${format} is read, also where services and errors are told after the spans`, async () => {
    const path = temporaryFile(JSON.stringify(value, null, 1));
    const read = await readTraces(path).finally(() => rmSync(path));
    deepStrictEqual([read.format, told(read.spans)], [format, EXPECTED]);
  });
}

test("results that Jaeger's query service sends one after the other are read to the last", () => {
  const [first, second] = OTLP.resourceSpans;
  const [one, other] = [{ result: { resourceSpans: [second] } }, { result: { resourceSpans: [first] } }];
  // What ends with its spans leaves their key behind.
  const turned = Object.fromEntries(Object.entries(second!).toReversed());
  const reversed = { result: { resourceSpans: [turned] } };
  for (const all of [
    [one, other],
    [reversed, other],
    [other, other, reversed],
  ]) {
    const spans = spansIn([all.map((result) => JSON.stringify(result)).join('\n')]);
    deepStrictEqual([spans.size, spansIn([JSON.stringify(all)]).size], [all.length, all.length]);
  }
});

test('a file is read the same wherever its pieces begin', () => {
  const bytes = Buffer.from(JSON.stringify(JAEGER));
  for (const length of [1, 2, 3, 7, 64, 1_000]) {
    const spans = new SpanStore();
    const scanner = new JsonScanner(FORMATS.jaeger(spans, bytes.toString()));
    for (let at = 0; at < bytes.length; at += length) scanner.feed(bytes.subarray(at, at + length));
    deepStrictEqual(told(spans), EXPECTED, `${length} bytes a piece`);
  }
});

test('OTLP with one request a line is read as the collector writes it', () => {
  const [first, second] = OTLP.resourceSpans.map((one) => JSON.stringify({ resourceSpans: [one] }));
  deepStrictEqual(told(spansIn([`${first}\n${second}\n`])), EXPECTED);
});

test('a file that is no trace is refused with what was expected', async () => {
  const path = temporaryFile('{"hello":"world"}');
  await rejects(readTraces(path), /is no OTLP, Jaeger or Zipkin JSON/).finally(() => rmSync(path));
  await rejects(readTraces('/nowhere.json'), /There is no file of traces/);
});
