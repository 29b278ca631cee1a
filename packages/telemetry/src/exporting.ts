import {
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { contextOrNew, currentContext, type RequestContext } from './request-context.ts';
import type { Sampling } from './sampling.ts';
import type { RecordedSpan } from './span-recorder.ts';
import type { TraceContext } from './trace-context.ts';
import type { Begin, OpenSpan, SpanOptions, TracingOptions } from './tracing.ts';

/** The SDK, where spans leave this process. */
export interface Exporting {
  readonly begin: Begin;
  /** Exports a span that nobody had sampled when it began. */
  readonly sendKept: (span: RecordedSpan) => void;
  shutdown(): Promise<void>;
}

const KIND = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

const SCOPE = { name: 'ashlar' } as const;
const FLUSHED_WITHIN_MS = 3_000;

export function exporting(options: TracingOptions, isSampled: Sampling): Exporting | undefined {
  const { service, otlpEndpoint, processors = [] } = options;
  if (!otlpEndpoint && processors.length === 0) return undefined;
  const resource = resourceFromAttributes({ 'service.name': service });
  const provider = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: samplerOf(isSampled) }),
    spanProcessors: [...processors, ...batches(otlpEndpoint)],
  });
  // In a queue of their own: a storm of errors pushes nothing out that was sampled.
  const ofKept = batches(otlpEndpoint);
  const tracer = provider.getTracer(SCOPE.name);
  return {
    begin: (span, from) => beginExported(tracer, span, from),
    sendKept: (span) => {
      const ended = readable(span, resource);
      for (const processor of [...processors, ...ofKept]) processor.onEnd(ended);
    },
    async shutdown() {
      const flushed = Promise.allSettled([provider, ...ofKept].map((part) => part.shutdown()));
      // A receiver that is away costs its spans, and nobody else's end.
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, FLUSHED_WITHIN_MS);
      await Promise.race([flushed, late]);
      clearTimeout(timer);
    },
  };
}

function batches(otlpEndpoint: string | undefined): readonly BatchSpanProcessor[] {
  if (!otlpEndpoint) return [];
  const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` });
  return [new BatchSpanProcessor({ exporter })];
}

const samplerOf = (isSampled: Sampling): Sampler => ({
  shouldSample: (_context, traceId) => ({
    decision: isSampled(traceId) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
  }),
  toString: () => 'ashlar',
});

function beginExported(tracer: Tracer, options: SpanOptions, from: RequestContext | undefined): OpenSpan {
  const { name, kind = 'internal', attributes = {}, links = [], sampled = true } = options;
  const parent = from ?? currentContext() ?? (sampled ? undefined : unsampled());
  const remote = parent ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent.trace)) : ROOT_CONTEXT;
  const span = tracer.startSpan(name, { kind: KIND[kind], attributes, links: links.map(toLink) }, remote);
  return {
    context: fromSpan(span, parent),
    end(failure, known) {
      if (known) span.setAttributes(known);
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(failure) });
      span.end();
    },
  };
}

/** The SDK asks its sampler at the root; a parent that was not sampled answers instead. */
function unsampled(): RequestContext {
  const { trace: root, ...context } = contextOrNew();
  return { ...context, trace: { ...root, sampled: false } };
}

export const messageOf = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure));

const toSpanContext = ({ traceId, spanId, sampled }: TraceContext) => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
});

const toLink = (link: TraceContext) => ({ context: toSpanContext(link) });

function fromSpan(span: Span, parent: RequestContext | undefined): RequestContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const own = { ...parent?.trace, traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  return { correlationId: traceId, ...parent, trace: own };
}

/** As the SDK's processors read spans: marked as sampled, or they leave it out. */
function readable({ trace: own, parentSpanId, failure, ...span }: RecordedSpan, resource: Resource): ReadableSpan {
  const { name, kind = 'internal', attributes = {}, links = [], startedAtMs, durationMs } = span;
  const context = { traceId: own.traceId, spanId: own.spanId, traceFlags: TraceFlags.SAMPLED };
  return {
    name,
    kind: KIND[kind],
    spanContext: () => context,
    ...(parentSpanId !== undefined && { parentSpanContext: toSpanContext({ ...own, spanId: parentSpanId }) }),
    startTime: toHrTime(startedAtMs),
    endTime: toHrTime(startedAtMs + durationMs),
    duration: toHrTime(durationMs),
    status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
    attributes: { ...attributes },
    links: links.map(toLink),
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds, to the microsecond. */
function toHrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000) * 1_000];
}
