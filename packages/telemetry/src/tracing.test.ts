import { deepStrictEqual, match, notStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { contextOrNew, currentContext, runInContext } from './request-context.ts';
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
