import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { OtlpResourceSpans, OtlpSpan } from './otlp-json.ts';
import { currentContext } from './request-context.ts';
import { SpanRecorder } from './span-recorder.ts';
import { createTelemetry } from './telemetry.ts';
import { createTracing, type Tracing, type TracingOptions } from './tracing.ts';

/** A collector that takes what it is sent, refuses it, or answers nothing. */
async function aCollector(t: TestContext, manner: 'takes' | 'refuses' | 'is silent' = 'takes') {
  const spans: OtlpSpan[] = [];
  const services = new Set<unknown>();
  const server = createServer(async (request, response) => {
    if (manner === 'is silent') return;
    if (manner === 'refuses') return void response.writeHead(404).end();
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const { resourceSpans } = JSON.parse(text) as { resourceSpans: OtlpResourceSpans[] };
    for (const { resource, scopeSpans } of resourceSpans) {
      services.add(resource.attributes.find(({ key }) => key === 'service.name')?.value);
      spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    }
    response.end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close().closeAllConnections());
  const otlpEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { otlpEndpoint, spans, services: () => [...services], names: () => spans.map(({ name }) => name).sort() };
}

/** Tracing that samples nothing by itself, and the names of what it has exported. */
function unsampled(options: Partial<TracingOptions> = {}) {
  const exporter = new InMemorySpanExporter();
  const processors = [new SimpleSpanProcessor({ exporter })];
  const tracing = createTracing({ service: 'order', sampleRatio: 0, processors, ...options });
  return { tracing, names: () => exporter.getFinishedSpans().map(({ name }) => name) };
}

const refuse = (tracing: Tracing, name: string): Promise<void> =>
  rejects(
    tracing.span({ name }, () => Promise.reject(new Error('refused'))),
    /refused/,
  );

/** A request with a part that is done, one that fails, and one that still follows. */
const failing = (tracing: Tracing): Promise<string> =>
  tracing.span({ name: 'request', kind: 'server', attributes: { route: '/orders' } }, async () => {
    await tracing.span({ name: 'done' }, async () => {});
    await refuse(tracing, 'failed');
    await tracing.span({ name: 'after' }, async () => {});
    return currentContext()!.trace.spanId;
  });

test('errors are exported whatever is sampled, with all that this process knows of their trace', async (t) => {
  const { otlpEndpoint, spans, services, names } = await aCollector(t);
  const { tracing } = createTelemetry({ service: 'order', logLevel: 'silent', sampleRatio: 0, otlpEndpoint });
  await tracing.span({ name: 'fine' }, async () => {});
  const beganAt = BigInt(Date.now()) * 1_000_000n;
  const root = await failing(tracing);
  await tracing.shutdown();
  deepStrictEqual(names(), ['after', 'done', 'failed', 'request']);
  deepStrictEqual(services(), [{ stringValue: 'order' }]);
  strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  const byName = new Map(spans.map((span) => [span.name, span]));
  const parents = ['done', 'failed', 'after', 'request'].map((name) => byName.get(name)?.parentSpanId);
  deepStrictEqual(parents, [root, root, root, undefined]);
  deepStrictEqual(byName.get('failed')?.status, { code: 2, message: 'refused' });
  const request = byName.get('request')!;
  deepStrictEqual([request.kind, request.status.code], [2, 0]);
  deepStrictEqual(request.attributes, [{ key: 'route', value: { stringValue: '/orders' } }]);
  const [start, end] = [BigInt(request.startTimeUnixNano), BigInt(request.endTimeUnixNano)];
  ok(beganAt - 1_000_000_000n < start && start <= end && end - start < 60_000_000_000n, `${beganAt} ${start} ${end}`);
});

test('a trace that its beginner did not sample is exported where it fails, below its parent', async () => {
  const exporter = new InMemorySpanExporter();
  const { tracing } = unsampled({ processors: [new SimpleSpanProcessor({ exporter })] });
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: false };
  const links = [{ ...trace, spanId: 'c'.repeat(16) }];
  const work = () => Promise.reject(new Error('refused'));
  await rejects(tracing.span({ name: 'work', links }, work, { trace, correlationId: 'order 1' }), /refused/);
  const [span, ...others] = exporter.getFinishedSpans();
  deepStrictEqual([span?.parentSpanContext?.spanId, span?.spanContext().traceId], [trace.spanId, trace.traceId]);
  deepStrictEqual(
    span?.links.map(({ context }) => context.spanId),
    [links[0]!.spanId],
  );
  strictEqual(others.length, 0);
});

test('what was sampled is exported once, failed or not', async () => {
  const { tracing, names } = unsampled({ sampleRatio: 1 });
  await failing(tracing);
  deepStrictEqual(names().toSorted(), ['after', 'done', 'failed', 'request']);
});

test('errors are exported where nothing is remembered for those who ask, too', async () => {
  const { tracing, names } = unsampled();
  await failing(tracing);
  deepStrictEqual(names(), ['done', 'failed', 'after', 'request']);
});

test('a trace that fails again and again is exported up to its bound', async () => {
  const { tracing, names } = unsampled({ recorder: new SpanRecorder({ spansOfTrace: 3 }) });
  await tracing.span({ name: 'request' }, async () => {
    for (let n = 1; n <= 5; n++) await refuse(tracing, `try ${n}`);
  });
  deepStrictEqual(names(), ['try 1', 'try 2', 'try 3']);
});

test('a storm of errors pushes nothing out that was sampled', async (t) => {
  const { otlpEndpoint, names } = await aCollector(t);
  const { tracing } = createTelemetry({ service: 'order', logLevel: 'silent', sampleRatio: 0, otlpEndpoint });
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
  for (let n = 0; n < 5_000; n++) tracing.begin({ name: 'storm' }).end('refused');
  await tracing.span({ name: 'sampled' }, async () => {}, { trace, correlationId: 'order 1' });
  await tracing.shutdown();
  const exported = names();
  deepStrictEqual([exported[0], exported.length < 5_000], ['sampled', true]);
});

test('the end waits for no receiver that is away, silent or refuses', { timeout: 30_000 }, async (t) => {
  const silent = await aCollector(t, 'is silent');
  const refusing = await aCollector(t, 'refuses');
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (const { otlpEndpoint } of [{ otlpEndpoint: 'http://127.0.0.1:1' }, silent, refusing]) {
    const { tracing } = createTelemetry({ service: 'order', logLevel: 'silent', otlpEndpoint });
    await tracing.span({ name: 'work' }, async () => {});
    const ended = tracing.shutdown();
    if (otlpEndpoint !== refusing.otlpEndpoint) t.mock.timers.tick(3_000);
    await ended;
  }
});
