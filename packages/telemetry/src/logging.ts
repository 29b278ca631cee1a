import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';
import { currentContext } from './request-context.ts';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'level'>;

const SECRETS = [
  'password',
  'currentPassword',
  'newPassword',
  'accessToken',
  'refreshToken',
  'cardToken',
  'authorization',
];

/** JSON lines, each with the trace and the correlation of the work that wrote it. Secrets are cut out by name. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
    mixin: () => {
      const context = currentContext();
      return context
        ? { traceId: context.trace.traceId, spanId: context.trace.spanId, correlationId: context.correlationId }
        : {};
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
