import { deepStrictEqual, match, notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { toOtlp } from './otlp-json.ts';
import { contextOrNew, currentContext, runInContext } from './request-context.ts';
import { SpanRecorder } from './span-recorder.ts';
import { createTelemetry } from './telemetry.ts';
import { createTracing } from './tracing.ts';

const remote = {
  trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, traceState: 'vendor=1' },
  correlationId: 'the order',
  causationId: 'the message',
};

function recorded(sampleRatio = 1) {
  const exporter = new InMemorySpanExporter();
  const tracing = createTracing({ service: 'order', sampleRatio, processors: [new SimpleSpanProcessor({ exporter })] });
  const spans = () =>
    exporter.getFinishedSpans().map((span) => ({
      name: span.name,
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      parentId: span.parentSpanContext?.spanId,
      kind: span.kind,
      status: span.status,
      attributes: span.attributes,
      links: span.links.map(({ context }) => context.spanId),
      service: span.resource.attributes['service.name'],
    }));
  return { tracing, spans };
}

test('a span is the child of the one around it, and that of the remote one', async () => {
  const { tracing, spans } = recorded();
  await tracing.span(
    { name: 'outer', kind: 'consumer', attributes: { key: 'k' } },
    () => tracing.span({ name: 'inner' }, async () => {}),
    remote,
  );
  const [inner, outer] = spans();
  strictEqual(outer?.parentId, remote.trace.spanId);
  strictEqual(inner?.parentId, outer?.spanId);
  deepStrictEqual([inner?.traceId, outer?.traceId], [remote.trace.traceId, remote.trace.traceId]);
  deepStrictEqual([outer?.kind, outer?.service, outer?.attributes], [SpanKind.CONSUMER, 'order', { key: 'k' }]);
});

test('the ambient context is that of the span, with correlation, causation and state of its parent', async () => {
  const { tracing, spans } = recorded();
  const inside = await tracing.span({ name: 'work' }, async () => currentContext(), remote);
  const { spanId } = spans()[0]!;
  deepStrictEqual(inside, { ...remote, trace: { ...remote.trace, spanId } });
});

test('spans that run at the same time do not become each other’s parents', async () => {
  const { tracing, spans } = recorded();
  await runInContext(remote, () =>
    Promise.all(
      ['a', 'b'].map((name) => tracing.span({ name }, () => tracing.span({ name: `in ${name}` }, async () => {}))),
    ),
  );
  const byName = new Map(spans().map((span) => [span.name, span]));
  for (const name of ['a', 'b']) strictEqual(byName.get(`in ${name}`)?.parentId, byName.get(name)?.spanId);
});

test('a span of work that failed says so, and the failure goes on', async () => {
  const { tracing, spans } = recorded();
  await rejects(
    tracing.span({ name: 'work' }, () => Promise.reject(new Error('refused'))),
    /refused/,
  );
  deepStrictEqual(spans()[0]?.status, { code: SpanStatusCode.ERROR, message: 'refused' });
});

test('work without a parent begins a trace, which is its correlation', async () => {
  for (const tracing of [recorded().tracing, createTracing({ service: 'order' })]) {
    const context = await tracing.span({ name: 'work' }, async () => currentContext()!);
    match(context.trace.traceId, /^[0-9a-f]{32}$/);
    strictEqual(context.correlationId, context.trace.traceId);
  }
});

test('a trace that its beginner did not sample is not recorded, but handed on', async () => {
  const { tracing, spans } = recorded();
  const unsampled = { ...remote, trace: { ...remote.trace, sampled: false } };
  const context = await tracing.span({ name: 'work' }, async () => currentContext()!, unsampled);
  deepStrictEqual([spans(), context.trace.traceId, context.trace.sampled], [[], remote.trace.traceId, false]);
  const nothing = recorded(0);
  await nothing.tracing.span({ name: 'work' }, async () => {});
  deepStrictEqual(nothing.spans(), []);
});

test('without an exporter the context is handed on all the same, with a span of its own', async () => {
  const { tracing } = createTelemetry({ service: 'order', logLevel: 'silent' });
  const inside = await tracing.span({ name: 'work' }, async () => currentContext()!, remote);
  deepStrictEqual(
    { ...inside, trace: { ...inside.trace, spanId: '' } },
    { ...remote, trace: { ...remote.trace, spanId: '' } },
  );
  notStrictEqual(inside.trace.spanId, remote.trace.spanId);
  await rejects(
    tracing.span({ name: 'work' }, () => Promise.reject(new Error('refused')), remote),
    /refused/,
  );
});

test('the context of nobody’s work is new each time; that of somebody’s is kept', () => {
  notStrictEqual(contextOrNew().trace.traceId, contextOrNew().trace.traceId);
  runInContext(remote, () => strictEqual(contextOrNew(), remote));
});

/** Tracing without an exporter, that remembers. */
function remembered(sampleRatio = 1, bounds = {}) {
  const recorder = new SpanRecorder(bounds);
  const tracing = createTracing({ service: 'order', sampleRatio, recorder });
  const trace = (name: string, work = async () => {}) =>
    tracing.span({ name }, async () => {
      const { traceId } = currentContext()!.trace;
      await work();
      return traceId;
    });
  const fails = async () => Promise.reject(new Error('refused'));
  return { recorder, tracing, trace, fails, names: () => recorder.recent(1_000).map(({ name }) => name) };
}

test('recent traces are remembered without an exporter, with their parents, kinds and failures', async () => {
  const { recorder, tracing } = remembered();
  const outer = { name: 'outer', kind: 'server', attributes: { key: 'k', tries: 2, share: 0.5, late: true } } as const;
  const fails = () => tracing.span({ name: 'inner' }, () => Promise.reject(new Error('refused')));
  const traceId = await tracing.span(outer, async () => {
    await rejects(fails, /refused/);
    return currentContext()!.trace.traceId;
  });
  const { resource, scopeSpans } = toOtlp({ 'service.name': 'order' }, recorder.spansOf(traceId));
  deepStrictEqual(resource.attributes, [{ key: 'service.name', value: { stringValue: 'order' } }]);
  const [inner, root] = scopeSpans[0]!.spans;
  deepStrictEqual([inner?.parentSpanId, inner?.status], [root?.spanId, { code: 2, message: 'refused' }]);
  deepStrictEqual(
    [root?.parentSpanId, root?.kind, root?.status, root?.attributes.map(({ value }) => value)],
    [undefined, 2, { code: 0 }, [{ stringValue: 'k' }, { intValue: '2' }, { doubleValue: 0.5 }, { boolValue: true }]],
  );
  strictEqual(BigInt(root!.startTimeUnixNano) <= BigInt(inner!.startTimeUnixNano), true);
  strictEqual(BigInt(inner!.endTimeUnixNano) <= BigInt(root!.endTimeUnixNano), true);
  const [{ startedAtMs, endedAtMs, ...told }] = recorder.recent(1) as [ReturnType<typeof recorder.recent>[0]];
  deepStrictEqual(told, { traceId, name: 'outer', isRoot: true, spans: 2, failed: true });
  strictEqual(startedAtMs <= endedAtMs, true);
});

test('the oldest traces make room, by number and by bytes; failures are pushed out by failures only', async () => {
  const { trace, fails, names } = remembered(1, { traces: 8 });
  await rejects(trace('failed', fails), /refused/);
  for (let n = 0; n < 100; n++) await trace(`work ${n}`);
  deepStrictEqual(names().toSorted(), ['failed', ...Array.from({ length: 8 }, (_, n) => `work ${92 + n}`)]);
  const narrow = remembered(1, { bytes: 3_000 });
  for (let n = 0; n < 100; n++) await narrow.trace(`work ${n}`);
  strictEqual(narrow.names().length > 2 && narrow.names().length < 10, true);
  const long = remembered(1, { spansOfTrace: 3 });
  const one = await long.trace('long', async () => {
    for (let n = 0; n < 10; n++) await long.trace('part');
  });
  strictEqual(long.recorder.spansOf(one).length, 3);
});

test('what is not sampled only passes by, and is kept whole when it fails', async () => {
  const { trace, fails, names, recorder } = remembered(0);
  const passing = await trace('work');
  deepStrictEqual([names(), recorder.spansOf(passing).length], [[], 1]);
  await rejects(
    trace('outer', async () => {
      await trace('first part');
      await trace('second part', fails);
    }),
    /refused/,
  );
  deepStrictEqual(
    recorder.recent(9).map(({ name, spans, failed }) => [name, spans, failed]),
    [['outer', 3, true]],
  );
});

test('links, and what is known at the end only, are told by the recorder and by the exporter', () => {
  const before = { ...remote.trace, spanId: 'e'.repeat(16) };
  const { tracing, recorder } = remembered();
  const exported = recorded();
  for (const one of [tracing, exported.tracing])
    one.begin({ name: 'try 2', attributes: { try: 2 }, links: [before] }, remote).end(undefined, { status: 200 });
  const [span] = toOtlp({}, recorder.spansOf(remote.trace.traceId)).scopeSpans[0]!.spans;
  deepStrictEqual(span?.links, [{ traceId: remote.trace.traceId, spanId: before.spanId }]);
  deepStrictEqual(
    span?.attributes.map(({ key }) => key),
    ['try', 'status'],
  );
  const [{ attributes, links }] = exported.spans() as [ReturnType<typeof exported.spans>[0]];
  deepStrictEqual([attributes, links], [{ try: 2, status: 200 }, [before.spanId]]);
});

test('an exporter gets the first traces of each second as well', async () => {
  const exporter = new InMemorySpanExporter();
  const processors = [new SimpleSpanProcessor({ exporter })];
  const tracing = createTracing({ service: 'order', sampleRatio: 0, tracesPerSecond: 1_000_000, processors });
  await tracing.span({ name: 'seldom' }, async () => {});
  deepStrictEqual(
    exporter.getFinishedSpans().map(({ name }) => name),
    ['seldom'],
  );
});

test('a share of the traces is sampled at the root, and nothing of looking at traces', async () => {
  const { trace, tracing, names } = remembered(0.5, { traces: 1_000 });
  for (let n = 0; n < 400; n++) await trace('work');
  strictEqual(Math.abs(names().length - 200) < 60, true, String(names().length));
  const exported = recorded();
  for (const one of [tracing, exported.tracing]) {
    const context = await one.span({ name: 'look', sampled: false }, async () => currentContext()!);
    strictEqual(context.trace.sampled, false);
  }
  deepStrictEqual(exported.spans(), []);
});
