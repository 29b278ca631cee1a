import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { contextOrNew, currentContext, type RequestContext, runInContext } from './request-context.ts';
import { grantingWishes, type Sampling, type SamplingOptions, sampling } from './sampling.ts';
import type { SpanRecorder } from './span-recorder.ts';
import { nextSpan, type TraceContext } from './trace-context.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: Attributes;
  /** What it follows from besides its parent: the try before this one, or the work that a time-out ends. */
  readonly links?: readonly TraceContext[];
  /** For a trace that nobody will look for, such as that of looking at traces. */
  readonly sampled?: false;
}

/** Makes the spans of one service. Without an exporter and a recorder it still hands the W3C context on. */
export interface Tracing {
  /** Runs `work` inside a new span: a child of the ambient one, or of `from`. */
  span<T>(options: SpanOptions, work: () => Promise<T>, from?: RequestContext): Promise<T>;
  /** Begins such a span for work that is no promise: its caller runs it in the context, and ends the span. */
  begin(options: SpanOptions, from?: RequestContext): OpenSpan;
  /** A trace as a stranger has begun it: recorded where he asks for it, within reason. */
  ofStranger(trace: TraceContext): TraceContext;
  shutdown(): Promise<void>;
}

export interface OpenSpan {
  readonly context: RequestContext;
  /** With a failure where the work has failed, and with what is known at its end only. */
  end(failure?: unknown, attributes?: Attributes): void;
}

export interface TracingOptions extends SamplingOptions {
  readonly service: string;
  /** Base address of an OTLP/HTTP receiver; `/v1/traces` is appended. */
  readonly otlpEndpoint?: string;
  readonly processors?: readonly SpanProcessor[];
  /** Remembers spans in this process, whether they are exported or not. */
  readonly recorder?: SpanRecorder;
}

const KIND = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

type Begin = Tracing['begin'];

export function createTracing(options: TracingOptions): Tracing {
  const { recorder } = options;
  const isSampled = sampling(options, now);
  const exported = exporting(options, isSampled);
  const begin = exported?.begin ?? handingOn(isSampled);
  const isGranted = grantingWishes(isSampled, now);
  return {
    ...tracingBy(recorder ? rememberedBy(recorder, begin) : begin),
    ofStranger: (trace) => ({ ...trace, sampled: trace.sampled && isGranted(trace.traceId) }),
    shutdown: async () => exported?.shutdown(),
  };
}

/** The SDK, where spans leave this process. */
function exporting({ service, otlpEndpoint, processors = [] }: TracingOptions, isSampled: Sampling) {
  const all = [...processors];
  if (otlpEndpoint) {
    const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` });
    all.push(new BatchSpanProcessor({ exporter }));
  }
  if (all.length === 0) return undefined;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: new ParentBasedSampler({ root: samplerOf(isSampled) }),
    spanProcessors: all,
  });
  const tracer = provider.getTracer('ashlar');
  const begin: Begin = (span, from) => beginExported(tracer, span, from);
  return { begin, shutdown: () => provider.shutdown() };
}

const samplerOf = (isSampled: Sampling): Sampler => ({
  shouldSample: (_context, traceId) => ({
    decision: isSampled(traceId) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
  }),
  toString: () => 'ashlar',
});

const handingOn =
  (isSampled: Sampling): Begin =>
  ({ sampled = true }, from) => {
    const parent = from ?? currentContext();
    if (parent) return { context: { ...parent, trace: nextSpan(parent.trace) }, end: atNobody };
    const { traceId, spanId } = nextSpan();
    const trace = { traceId, spanId, sampled: sampled && isSampled(traceId) };
    return { context: { trace, correlationId: traceId }, end: atNobody };
  };

const atNobody = (): void => {};

const now = (): number => performance.timeOrigin + performance.now();

const rememberedBy =
  (recorder: SpanRecorder, begin: Begin): Begin =>
  (options, from) => {
    const parentSpanId = (from ?? currentContext())?.trace.spanId;
    const span = begin(options, from);
    const startedAtMs = now();
    const { name, kind = 'internal', attributes = {}, links } = options;
    return {
      context: span.context,
      end(failed, known) {
        span.end(failed, known);
        const { trace } = span.context;
        const failure = failed === undefined ? undefined : messageOf(failed);
        recorder.add({
          name,
          kind,
          attributes: known ? { ...attributes, ...known } : attributes,
          ...(links && { links }),
          trace,
          parentSpanId,
          startedAtMs,
          durationMs: now() - startedAtMs,
          failure,
        });
      },
    };
  };

const tracingBy = (begin: Begin): Pick<Tracing, 'span' | 'begin'> => ({
  async span(options, work, from) {
    const span = begin(options, from);
    try {
      const result = await runInContext(span.context, work);
      span.end();
      return result;
    } catch (error) {
      span.end(error);
      throw error;
    }
  },
  begin,
});

function beginExported(tracer: Tracer, options: SpanOptions, from: RequestContext | undefined): OpenSpan {
  const { name, kind = 'internal', attributes = {}, links = [], sampled = true } = options;
  const parent = from ?? currentContext() ?? (sampled ? undefined : unsampled());
  const remote = parent ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent.trace)) : ROOT_CONTEXT;
  const linked = links.map((link) => ({ context: toSpanContext(link) }));
  const span = tracer.startSpan(name, { kind: KIND[kind], attributes, links: linked }, remote);
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

const messageOf = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure));

const toSpanContext = ({ traceId, spanId, sampled }: TraceContext) => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
});

function fromSpan(span: Span, parent: RequestContext | undefined): RequestContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  const own = { ...parent?.trace, traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  return { correlationId: traceId, ...parent, trace: own };
}
