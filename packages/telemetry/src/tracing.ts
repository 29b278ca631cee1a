import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { contextOrNew, currentContext, type RequestContext, runInContext } from './request-context.ts';
import { nextSpan, type TraceContext } from './trace-context.ts';

export interface SpanOptions {
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** Makes the spans of one service. Without an exporter it still hands the W3C context on, at next to no cost. */
export interface Tracing {
  /** Runs `work` inside a new span: a child of the ambient one, or of `from`. */
  span<T>(options: SpanOptions, work: () => Promise<T>, from?: RequestContext): Promise<T>;
  shutdown(): Promise<void>;
}

export interface TracingOptions {
  readonly service: string;
  /** Base address of an OTLP/HTTP receiver; `/v1/traces` is appended. */
  readonly otlpEndpoint?: string;
  /** Share of new traces to record, 0..1. */
  readonly sampleRatio?: number;
  readonly processors?: readonly SpanProcessor[];
}

const KIND = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export function createTracing({ service, otlpEndpoint, sampleRatio = 1, processors = [] }: TracingOptions): Tracing {
  const all = [...processors];
  if (otlpEndpoint) {
    const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces` });
    all.push(new BatchSpanProcessor({ exporter }));
  }
  if (all.length === 0) return propagationOnly;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: all,
  });
  return recording(provider.getTracer('ashlar'), () => provider.shutdown());
}

const propagationOnly: Tracing = {
  async span(_options, work, from) {
    const parent = from ?? currentContext();
    if (!parent) return runInContext(contextOrNew(), work);
    return runInContext({ ...parent, trace: nextSpan(parent.trace) }, work);
  },
  async shutdown() {},
};

const recording = (tracer: Tracer, shutdown: () => Promise<void>): Tracing => ({
  async span({ name, kind = 'internal', attributes = {} }, work, from) {
    const parent = from ?? currentContext();
    const remote = parent ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent.trace)) : ROOT_CONTEXT;
    const span = tracer.startSpan(name, { kind: KIND[kind], attributes }, remote);
    const context = fromSpan(span, parent);
    try {
      return await runInContext(context, work);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  },
  shutdown,
});

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
