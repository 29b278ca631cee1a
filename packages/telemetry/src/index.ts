export { Counter, Gauge, Histogram, Registry } from 'prom-client';
export { createLogger, type Logger } from './logging.ts';
export { contextOrNew, currentContext, type RequestContext, runInContext, type Written } from './request-context.ts';
export { createTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts';
export { formatTraceparent, nextSpan, parseTraceparent, type TraceContext } from './trace-context.ts';
export { createTracing, type SpanOptions, type Tracing, type TracingOptions } from './tracing.ts';
