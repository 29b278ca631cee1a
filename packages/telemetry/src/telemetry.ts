import type { DestinationStream } from 'pino';
import { Registry } from 'prom-client';
import { createLogger, type Logger } from './logging.ts';
import { createTracing, type Tracing, type TracingOptions } from './tracing.ts';

/** What a service tells about itself: logs, metrics and traces. */
export interface Telemetry {
  readonly service: string;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly tracing: Tracing;
}

export interface TelemetryOptions extends TracingOptions {
  readonly logLevel: string;
  readonly logTo?: DestinationStream;
}

export const createTelemetry = ({ logLevel, logTo, ...tracing }: TelemetryOptions): Telemetry => ({
  service: tracing.service,
  log: createLogger(tracing.service, logLevel, logTo),
  metrics: new Registry(),
  tracing: createTracing(tracing),
});
