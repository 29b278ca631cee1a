import { deepStrictEqual, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { THRESHOLDS } from '../model/architecture-file.ts';
import { readTraces, spansIn } from './read-traces.ts';
import { TraceReading } from './trace-facts.ts';
import { temporaryFile } from './traces.fixtures.ts';

type Tags = Readonly<Record<string, string | number | boolean>>;

interface Told {
  readonly id: number;
  readonly parent?: number;
  readonly service: string;
  readonly kind?: string;
  readonly name?: string;
  readonly tags?: Tags;
}

const hex = (id: number, length: number): string => id.toString(16).padStart(length, '0');

/** As Jaeger tells a trace: HotROD, DeathStarBench and TrainTicket are published in this form. */
const jaeger = (trace: number, spans: readonly Told[]): string =>
  JSON.stringify({
    traceID: hex(trace, 32),
    spans: spans.map(({ id, parent, service, kind, name = 'GET', tags = {} }) => ({
      traceID: hex(trace, 32),
      spanID: hex(id, 16),
      operationName: name,
      references:
        parent === undefined ? [] : [{ refType: 'CHILD_OF', traceID: hex(trace, 32), spanID: hex(parent, 16) }],
      startTime: 1_000 + id,
      duration: 900,
      processID: service,
      tags: Object.entries({ ...tags, ...(kind && { 'span.kind': kind }) }).map(([key, value]) => ({ key, value })),
    })),
    processes: Object.fromEntries(spans.map(({ service }) => [service, { serviceName: service }])),
  });

const factsOf = (...traces: readonly (readonly Told[])[]) =>
  new TraceReading(
    spansIn([`{"data":[${traces.map((spans, at) => jaeger(at + 1, spans)).join()}]}`]),
    THRESHOLDS,
  ).read();

const PEERS: Readonly<Record<string, Tags>> = {
  'the name of a service': { 'peer.service': 'product' },
  'the host of former conventions': { 'net.peer.name': 'product.shop.svc.cluster.local' },
  'the host of present conventions': { 'server.address': 'product', 'server.port': 8080 },
  'the address of former conventions': { 'http.url': 'http://product:8080/v1/products/1' },
  'the address of present conventions': { 'url.full': 'http://product/v1/products/1' },
};

for (const [how, tags] of Object.entries(PEERS)) {
  test(`whom a client asks is known by ${how}, also where the callee has no span in the trace`, () => {
    const asking: Told[] = [
      { id: 1, service: 'order', kind: 'server' },
      { id: 2, parent: 1, service: 'order', kind: 'client', tags },
    ];
    const { pairs } = factsOf(asking, [{ id: 3, service: 'product', kind: 'server' }]);
    deepStrictEqual(
      pairs.map(({ from, to, isSynchronous }) => [from, to, isSynchronous]),
      [['order', 'product', true]],
    );
  });
}

const DATABASES: Readonly<Record<string, Tags>> = {
  present: { 'db.system.name': 'mysql', 'server.address': 'orders-db', 'db.namespace': 'orders' },
  former: { 'db.system': 'mysql', 'net.peer.name': 'orders-db', 'db.name': 'orders' },
  'an agent of Java': { 'db.system': 'mysql', 'db.connection_string': 'mysql://orders-db:3306', 'db.name': 'orders' },
  OpenTracing: { 'db.type': 'mysql', 'peer.address': 'orders-db:3306', 'db.instance': 'orders' },
};

for (const [how, tags] of Object.entries(DATABASES)) {
  test(`a database is the same one by the words of ${how}`, () => {
    const { databases } = factsOf([{ id: 1, service: 'order', kind: 'client', tags }]);
    deepStrictEqual([...databases.keys()], ['mysql://orders-db/orders']);
  });
}

test('servers of one machine are told apart by their ports, and are one by each of its names', () => {
  const asked = (tags: Tags) => [
    ...factsOf([{ id: 1, service: 'order', kind: 'client', tags: { 'db.system': 'mysql', ...tags } }]).databases.keys(),
  ];
  const [own] = asked({ 'server.address': 'localhost', 'server.port': 3306, 'db.namespace': 'app' });
  deepStrictEqual(asked({ 'net.peer.name': '127.0.0.1', 'net.peer.port': '3306', 'db.name': 'app' }), [own]);
  deepStrictEqual(asked({ 'peer.address': '[::1]:3306', 'db.instance': 'app' }), [own]);
  deepStrictEqual(asked({ 'server.address': 'localhost', 'db.namespace': 'app' }), [own]);
  const [other] = asked({ 'server.address': 'localhost', 'server.port': 3307, 'db.namespace': 'app' });
  deepStrictEqual(other, 'mysql://localhost:3307/app');
  deepStrictEqual(asked({ 'peer.address': '127.0.0.1:3307', 'db.instance': 'app' }), [other]);
  deepStrictEqual(asked({ 'server.address': 'db', 'server.port': 6432, 'db.namespace': 'app' }), ['mysql://db/app']);
});

test('a refusal is an answer, and an outage is none', () => {
  const answering = (tags: Tags) =>
    factsOf([
      { id: 1, service: 'gateway', kind: 'server' },
      { id: 2, parent: 1, service: 'order', kind: 'server', tags: { error: true, ...tags } },
    ]).failing.map(({ service }) => service);
  deepStrictEqual(answering({ 'http.status_code': 404, 'error.type': '404' }), []);
  deepStrictEqual(answering({ 'rpc.grpc.status_code': '5' }), []);
  deepStrictEqual(answering({ 'http.response.status_code': 503 }), ['order']);
  deepStrictEqual(answering({ 'rpc.grpc.status_code': '14' }), ['order']);
  deepStrictEqual(answering({}), ['order']);
});

test('who only asks, as a generator of load does, is no service in a chain', () => {
  const { chains } = factsOf([
    { id: 1, service: 'load-generator', kind: 'client' },
    { id: 2, parent: 1, service: 'frontend', kind: 'server' },
    { id: 3, parent: 2, service: 'checkout', kind: 'server' },
    { id: 4, parent: 3, service: 'currency', kind: 'server' },
  ]);
  deepStrictEqual(
    chains.map(({ services }) => services),
    [['frontend', 'checkout', 'currency']],
  );
});

test('a consumer in a trace of its own, that links to what it follows, has heard the message', () => {
  const producing = [{ traceId: hex(1, 32), spanId: hex(1, 16), name: 'orders publish', kind: 4 }];
  const link = { traceId: hex(1, 32), spanId: hex(1, 16) };
  const consuming = [{ traceId: hex(2, 32), spanId: hex(2, 16), name: 'orders process', kind: 5, links: [link] }];
  const resourceSpans = [producing, consuming].map((spans) => ({ scopeSpans: [{ spans }] }));
  const { published } = new TraceReading(spansIn([JSON.stringify({ resourceSpans })]), THRESHOLDS).read();
  deepStrictEqual(
    published.map(({ sent, heard }) => [sent, heard]),
    [[1, 1]],
  );
});

/** Requests as a collector writes them, one a line. */
function lines(count: number): string {
  const attributes = [{ key: 'http.request.header.user_agent', value: { stringValue: 'x'.repeat(400) } }];
  const line = (at: number): string =>
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: `service-${at % 7}` } }] },
          scopeSpans: [{ spans: [{ traceId: hex(at >> 3, 32), spanId: hex(at + 1, 16), name: 'GET /', attributes }] }],
        },
      ],
    });
  return Array.from({ length: count }, (_, at) => line(at)).join('\n');
}

test('a compressed file of a collector is read, and its bytes are told as they are read', async () => {
  const path = `${temporaryFile('')}.gz`;
  writeFileSync(path, gzipSync(lines(2_000)));
  const told: [number, number][] = [];
  const { spans } = await readTraces(path, (read, total) => told.push([read, total])).finally(() => rmSync(path));
  deepStrictEqual(spans.size, 2_000);
  ok(told.length > 0 && told.every(([read, total]) => read <= total));
});

test('a file that is larger than all memory is read', () => {
  const path = temporaryFile(lines(40_000));
  const program = `
    import { readTraces } from '${new URL('./read-traces.js', import.meta.url)}';
    const { spans } = await readTraces(${JSON.stringify(path)});
    console.log(spans.size);`;
  try {
    const flags = ['--max-old-space-size=16', '--input-type=module', '--eval', program];
    const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 60_000 });
    deepStrictEqual(stdout.trim(), '40000', stderr.slice(0, 500));
  } finally {
    rmSync(path);
  }
});
