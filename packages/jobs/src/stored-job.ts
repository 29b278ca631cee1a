import { contextOrNew, formatTraceparent, parseTraceparent, type RequestContext } from '@ashlar/telemetry';

/** What lies in the database for a job: its data, and what it is a consequence of. */
export interface StoredJob {
  readonly id: string;
  readonly data: object;
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly correlationId: string;
  readonly causationId?: string;
}

export function toStored(id: string, data: object): StoredJob {
  const { trace, correlationId, causationId } = contextOrNew();
  return {
    id,
    data,
    traceparent: formatTraceparent(trace),
    ...(trace.traceState && { tracestate: trace.traceState }),
    correlationId,
    ...(causationId && { causationId }),
  };
}

export function contextOf(stored: StoredJob): RequestContext | undefined {
  const trace = parseTraceparent(stored.traceparent, stored.tracestate);
  if (!trace) return undefined;
  const { correlationId, causationId } = stored;
  return { trace, correlationId, ...(causationId && { causationId }) };
}
