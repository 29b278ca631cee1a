import { deepStrictEqual, match, rejects } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { diagnose } from '../diagnosis.ts';
import { examine } from '../examine.ts';
import { temporaryFile } from './traces.fixtures.ts';

interface Said {
  readonly traceId: string;
  readonly id: string;
  readonly parentId?: string;
  readonly kind: string;
  readonly service: string;
  readonly asks?: string;
}

const zipkin = ({ service, asks, ...span }: Said) => ({
  ...span,
  name: 'get /items',
  localEndpoint: { serviceName: service },
  ...(asks && { remoteEndpoint: { serviceName: asks } }),
});

/** What is told of these files; they are gone afterwards. */
async function judged(...texts: readonly (string | Buffer)[]) {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-broken-off-'));
  const files = texts.map((text, at) => {
    writeFileSync(join(folder, `${at}.json`), text);
    return join(folder, `${at}.json`);
  });
  try {
    return diagnose(await examine({ traces: files }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hex = (number: number): string => number.toString(16).padStart(16, '0');

/** A request through a gateway, in which the order service asks `asks`. */
const request = (at: number, asks: string): Said[] => {
  const traceId = hex(at * 100 + 1);
  return [
    { traceId, id: hex(at * 100 + 1), kind: 'SERVER', service: 'gateway' },
    { traceId, id: hex(at * 100 + 2), parentId: hex(at * 100 + 1), kind: 'CLIENT', service: 'gateway', asks: 'order' },
    { traceId, id: hex(at * 100 + 3), parentId: hex(at * 100 + 2), kind: 'SERVER', service: 'order' },
    { traceId, id: hex(at * 100 + 4), parentId: hex(at * 100 + 3), kind: 'CLIENT', service: 'order', asks },
  ];
};

/** Requests in which the trace does not reach the product service, which begins its own. */
const UNCARRIED = Array.from({ length: 10 }, (_, at) => [
  ...request(at, 'product'),
  { traceId: hex(at * 100 + 50), id: hex(at * 100 + 50), kind: 'SERVER', service: 'product' },
]).flat();

test('a callee that begins traces of its own is not asked past the gateway: its caller hands nothing on', async () => {
  const { findings } = await judged(JSON.stringify(UNCARRIED.map(zipkin)));
  deepStrictEqual(
    findings.map(({ rule, what }) => [rule, what]),
    [
      [
        'tracing',
        'The trace ends where order calls product: 10 of 10 calls are not followed by their answer, ' +
          'and product begins traces of its own',
      ],
    ],
  );
});

test('who is asked as well by others than the gateway, and is in the trace, is still asked past it', async () => {
  const answered = Array.from({ length: 10 }, (_, at) => {
    const asked = request(at, 'product');
    const { traceId, id: parentId } = asked.at(-1)!;
    return [...asked, { traceId, id: hex(at * 100 + 5), parentId, kind: 'SERVER', service: 'product' }];
  }).flat();
  const past = UNCARRIED.filter(({ service }) => service === 'product');
  const { findings } = await judged(JSON.stringify([...answered, ...past].map(zipkin)));
  deepStrictEqual(
    findings.map(({ what }) => what),
    ['10 requests came to product past the gateway'],
  );
});

test('whom others ask by the name of a service, and who is in no trace, is not judged', async () => {
  const asked = [...request(1, 'inventory'), ...request(2, 'api.stripe.com'), ...request(3, 'redis')];
  const { findings, unknown } = await judged(JSON.stringify(asked.map(zipkin)));
  deepStrictEqual(findings, []);
  deepStrictEqual(
    unknown.filter(({ rule }) => rule === 'tracing').map(({ subject, why }) => [subject, why]),
    [['inventory', 'order asks it, and it has no span in these traces: it may be a part of the system.']],
  );
});

test('of a repository it is known what belongs to it', async () => {
  const traces = temporaryFile(JSON.stringify(request(1, 'card-processor').map(zipkin)));
  const path = resolve(import.meta.dirname, '..', '..', 'fixtures', 'express-shop');
  const { unknown } = diagnose(await examine({ path, traces, history: false }).finally(() => rmSync(traces)));
  deepStrictEqual(
    unknown.filter(({ subject }) => subject === 'card-processor'),
    [],
  );
});

test('a service that is down tells of nothing: that requests fail with it is told by who asks it', async () => {
  const failing = (asks: string, isFailing: (at: number) => boolean) =>
    Array.from({ length: 40 }, (_, at) => {
      const [gateway, client, order, call] = request(at, asks).map(zipkin);
      const { traceId, id: parentId } = request(at, asks)[3]!;
      const answer = zipkin({ traceId, id: hex(at * 100 + 5), parentId, kind: 'SERVER', service: asks });
      const isDown = at % 3 === 0;
      const error = (span: object | undefined, isError: boolean) => ({
        ...span,
        ...(isError && { tags: { error: '' } }),
      });
      const told = isFailing(at);
      return [
        ...[gateway, client, order].map((span) => error(span, told)),
        error(call, isDown),
        ...(isDown || asks !== 'tax' ? [] : [answer]),
      ];
    }).flat();
  const found = async (asks: string, isFailing: (at: number) => boolean) =>
    (await judged(JSON.stringify(failing(asks, isFailing)))).findings.map(({ what }) => what);
  const told = (name: string) => [`When ${name} fails, 100 % of the requests that need it fail as a whole (14 of 14)`];
  deepStrictEqual(await found('tax', (at) => at % 3 === 0), told('tax'));
  deepStrictEqual(await found('never-traced', (at) => at % 3 === 0), told('never-traced'));
  deepStrictEqual(await found('tax', () => false), []);
  deepStrictEqual(await found('api.elsewhere.com', (at) => at % 3 === 0), []);
  deepStrictEqual(await found('redis', (at) => at % 3 === 0), []);
});

test('a file that is cut blames nobody for what was to come after, also where it is compressed', async () => {
  const orphans = UNCARRIED.filter(({ kind }) => kind === 'CLIENT').map(zipkin);
  const [whole, cut] = [JSON.stringify(orphans), JSON.stringify(orphans).slice(0, -30)];
  deepStrictEqual((await judged(whole)).findings.length, 1);
  const noise = Array.from({ length: 3_000 }, () => zipkin({ ...UNCARRIED[0]!, id: hex(Math.random() * 2 ** 52) }));
  const compressed = gzipSync(JSON.stringify([...orphans, ...noise]));
  for (const text of [cut, compressed.subarray(0, -2_000)]) {
    const { findings, unknown } = await judged(text);
    deepStrictEqual(findings, []);
    match(unknown.map(({ why }) => why).join(), /ends within a document: what was to come after is not judged/);
  }
});

test('several files are read as one', async () => {
  const spans = UNCARRIED.map(zipkin);
  const parts = [spans.slice(0, 25), spans.slice(25)].map((part) => JSON.stringify(part));
  deepStrictEqual((await judged(...parts)).findings, (await judged(JSON.stringify(spans))).findings);
  await rejects(judged(parts[0]!, '{}'), /no spans in .*1\.json/);
});

test('a folder is no file of traces', async () => {
  await rejects(examine({ traces: tmpdir() }), /is a folder: name a file of traces/);
});

test('Jaeger tells a link to another trace as a reference, and that is no parent', async () => {
  const tags = (kind: string) => [{ key: 'span.kind', value: kind }];
  const message = (at: number) => [
    {
      traceID: hex(at),
      spans: [{ traceID: hex(at), spanID: hex(at), operationName: 'send x', processID: 'p1', tags: tags('producer') }],
      processes: { p1: { serviceName: 'order' } },
    },
    {
      traceID: hex(at + 500),
      spans: [
        {
          traceID: hex(at + 500),
          spanID: hex(at + 500),
          operationName: 'process x',
          references: [{ refType: 'FOLLOWS_FROM', traceID: hex(at), spanID: hex(at) }],
          processID: 'p1',
          tags: tags('consumer'),
        },
      ],
      processes: { p1: { serviceName: 'shipping' } },
    },
  ];
  const { findings } = await judged(
    JSON.stringify({ data: Array.from({ length: 20 }, (_, at) => message(at + 1)).flat() }),
  );
  deepStrictEqual(findings, []);
});
