import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { exporting, messageOf } from './exporting.ts';
import { currentContext, type RequestContext, runInContext } from './request-context.ts';
import { grantingWishes, type Sampling, type SamplingOptions, sampling } from './sampling.ts';
import { SpanRecorder } from './span-recorder.ts';
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
  /** Gives what has ended to the receiver; one that does not take it within three seconds is left alone. */
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

export type Begin = Tracing['begin'];

export function createTracing(options: TracingOptions): Tracing {
  const isSampled = sampling(options, now);
  const exported = exporting(options, isSampled);
  // Which trace fails is known at its end only: what is exported then has to be remembered until then.
  const recorder = options.recorder ?? (exported && new SpanRecorder());
  if (recorder && exported) recorder.onKept = exported.sendKept;
  const begin = exported?.begin ?? handingOn(isSampled);
  const isGranted = grantingWishes(isSampled, now);
  return {
    ...tracingBy(recorder ? rememberedBy(recorder, begin) : begin),
    ofStranger: (trace) => ({ ...trace, sampled: trace.sampled && isGranted(trace.traceId) }),
    shutdown: async () => exported?.shutdown(),
  };
}

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
