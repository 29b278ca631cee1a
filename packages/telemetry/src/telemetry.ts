import type { DestinationStream } from 'pino';
import { Registry } from 'prom-client';
import { createLogger, type Logger } from './logging.ts';
import { SpanRecorder } from './span-recorder.ts';
import { createTracing, type Tracing, type TracingOptions } from './tracing.ts';

/** What a service tells about itself: logs, metrics and traces. */
export interface Telemetry {
  readonly service: string;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly tracing: Tracing;
  /** The spans of recent traces, as far as this service has made them. */
  readonly recorder: SpanRecorder;
}

export interface TelemetryOptions extends TracingOptions {
  readonly logLevel: string;
  readonly logTo?: DestinationStream;
  /** `false` where nobody can ask for recent traces: then none are kept. */
  readonly remembers?: boolean;
}

export function createTelemetry({ logLevel, logTo, remembers = true, ...options }: TelemetryOptions): Telemetry {
  const { service, recorder = new SpanRecorder() } = options;
  return {
    service,
    log: createLogger(service, logLevel, logTo),
    metrics: new Registry(),
    tracing: createTracing({ ...options, ...(remembers && { recorder }) }),
    recorder,
  };
}
