export { Counter, Gauge, Histogram, Registry } from 'prom-client';
export { breakerMetrics } from './breaker-metrics.ts';
export { collected, type Sample } from './collected.ts';
export { Durations, type DurationsOptions } from './durations.ts';
export { type Exposition, exposition } from './exposition.ts';
export { createLogger, type Logger } from './logging.ts';
export { type OtlpResourceSpans, toOtlp } from './otlp-json.ts';
export { type Dependency, type OutboundCalls, outboundCalls, traceHeaders } from './outbound-calls.ts';
export { processMetrics } from './process-metrics.ts';
export {
  contextOrNew,
  currentContext,
  outsideContext,
  type RequestContext,
  runInContext,
  type Written,
} from './request-context.ts';
export type { SamplingOptions } from './sampling.ts';
export { SpanRecorder, type TracePart } from './span-recorder.ts';
export { createTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts';
export { formatTraceparent, nextSpan, parseTraceparent, type TraceContext } from './trace-context.ts';
export {
  type Attributes,
  createTracing,
  type OpenSpan,
  type SpanOptions,
  type Tracing,
  type TracingOptions,
} from './tracing.ts';
