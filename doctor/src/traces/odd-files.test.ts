import { deepStrictEqual, rejects } from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { diagnose } from '../diagnosis.ts';
import { examine } from '../examine.ts';
import { THRESHOLDS } from '../model/architecture-file.ts';
import { readTraces, spansIn } from './read-traces.ts';
import { TraceReading } from './trace-facts.ts';
import { temporaryFile } from './traces.fixtures.ts';

interface Side {
  readonly traceId?: string;
  readonly id: string;
  readonly parentId?: string;
  readonly kind?: string;
  readonly service: string;
  readonly tags?: Readonly<Record<string, string>>;
}

const zipkin = ({ traceId = 'a1', service, ...span }: Side) => ({
  traceId,
  ...span,
  name: 'get /items',
  localEndpoint: { serviceName: service },
});

/** One service asks another one once, with a span at either side. */
const ASKING: readonly Side[] = [
  { id: 'b1', kind: 'SERVER', service: 'order' },
  { id: 'b2', parentId: 'b1', kind: 'CLIENT', service: 'order' },
  { id: 'b3', parentId: 'b2', kind: 'SERVER', service: 'product' },
];

const factsIn = (text: string) => new TraceReading(spansIn([text]), THRESHOLDS).read();

const whoAsks = (text: string) => {
  const { pairs, orphans } = factsIn(text);
  return [pairs.map(({ from, to, calls }) => [from, to, calls]), orphans.count];
};

const ONCE = [[['order', 'product', 1]], 0];

const spansOf = async (content: string | Buffer): Promise<number> => {
  const path = temporaryFile('');
  writeFileSync(path, content);
  const { spans } = await readTraces(path).finally(() => rmSync(path));
  return spans.size;
};

const ASKED = JSON.stringify(ASKING.map(zipkin));

test('what is compressed is known by its first bytes, whatever the name of the file', async () => {
  deepStrictEqual(await spansOf(gzipSync(ASKED)), 3);
});

test('a mark of the byte order, and words before and after the document, do no harm', async () => {
  deepStrictEqual(await spansOf(`\uFEFF${ASKED}`), 3);
  deepStrictEqual(await spansOf(`\uFEFF${ASKING.map((side) => JSON.stringify(zipkin(side))).join('\n')}`), 3);
  deepStrictEqual(await spansOf(`HTTP/1.1 200 OK\r\n\r\n${ASKED}\nreal 0.3s, "and`), 3);
});

test('a file in UTF-16 is refused with what to do, and an empty one is told to have no spans', async () => {
  await rejects(spansOf(Buffer.from(`\uFEFF${ASKED}`, 'utf16le')), /is written in UTF-16.*UTF-8/);
  for (const empty of ['', ' \n', '[]', '{}', '{"data":[],"total":0}', '{"resourceSpans":[]}'])
    await rejects(spansOf(empty), /There are no spans in/, empty);
});

test('lines of a log that name their trace are no spans', async () => {
  const line = JSON.stringify({ level: 30, traceId: 'a1', spanId: 'b1', msg: 'hello' });
  await rejects(spansOf(`${line}\n${line}\n`), /There are no spans in/);
});

test('Zipkin spans within an object, and beside words of other formats, are read', () => {
  const spans = ASKING.map(zipkin);
  const tagged = spans.map((span) => ({ ...span, tags: { operationName: 'items', batches: '3', processes: '1' } }));
  for (const value of [{ spans }, { data: [spans] }, { traces: [spans] }, tagged])
    deepStrictEqual(whoAsks(JSON.stringify(value)), ONCE);
});

test('ids of 64 and of 128 bits are those of one trace where the shorter one is the end of the longer', () => {
  const [long, short] = ['aaaabbbbccccdddd0000000000000a10', '0000000000000a10'];
  const spans = ASKING.map((side, at) => zipkin({ ...side, traceId: at === 2 ? short : long }));
  deepStrictEqual(whoAsks(JSON.stringify(spans)), ONCE);
});

test('ids that are no hexadecimal numbers are told apart, and told as they were written', () => {
  const named = ASKING.map(({ id, parentId, ...side }) => ({
    ...side,
    traceId: 'checkout',
    id: `span-${id}`,
    ...(parentId && { parentId: `span-${parentId}` }),
  }));
  deepStrictEqual(whoAsks(JSON.stringify(named.map(zipkin))), ONCE);
  const { pairs } = factsIn(JSON.stringify(named.map(zipkin)));
  deepStrictEqual([pairs[0]!.example.traceId, pairs[0]!.example.spanId], ['checkout', 'span-b2']);
});

test('short names of spans in OTLP are no base64', () => {
  const span = (spanId: string, kind: number, parentSpanId = '') => ({ traceId: 't1', spanId, kind, parentSpanId });
  const order = [span('s1', 2), span('s2', 3, 's1'), span('s4', 3, 's1')];
  const product = [span('s3', 2, 's2'), span('s5', 2, 's4')];
  const resourceSpans = Object.entries({ order, product }).map(([stringValue, spans]) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue } }] },
    scopeSpans: [{ spans }],
  }));
  deepStrictEqual(whoAsks(JSON.stringify({ resourceSpans })), [[['order', 'product', 2]], 0]);
});

test('ids of Jaeger that are large numbers are ids', () => {
  const span = (spanID: number, service: string, parent?: number) => ({
    traceID: 1234567890123456,
    spanID,
    operationName: 'get',
    references: parent === undefined ? [] : [{ refType: 'CHILD_OF', traceID: 1234567890123456, spanID: parent }],
    process: { serviceName: service },
  });
  const [first, second] = [987654321987654300000, 887654321987654300000];
  const text = JSON.stringify({ data: [{ spans: [span(first, 'order'), span(second, 'product', first)] }] });
  deepStrictEqual(whoAsks(text), ONCE);
});

test('a service without a name is told to have none', () => {
  const spans = [{ traceId: 'a1', id: 'b1', kind: 'SERVER', name: 'get' }];
  deepStrictEqual(factsIn(JSON.stringify(spans)).services, ['unknown_service']);
});

test('of a file that ends within a document it is told', async () => {
  const path = temporaryFile(ASKED.slice(0, -40));
  const model = await examine({ traces: path }).finally(() => rmSync(path));
  const told = diagnose(model).unknown.filter(({ subject }) => subject === 'the traces');
  deepStrictEqual([model.traces?.spans, told.map(({ rule }) => rule)], [2, ['tracing']]);
});
