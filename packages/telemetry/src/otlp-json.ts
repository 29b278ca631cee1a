import type { RecordedSpan } from './span-recorder.ts';

type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number };

interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code: number; readonly message?: string };
}

/** Spans of one process, as OTLP writes them in JSON. */
export interface OtlpResourceSpans {
  readonly resource: { readonly attributes: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly OtlpSpan[] }[];
}

const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** Spans as a receiver of OTLP, and the doctor, read them. */
export const toOtlp = (
  resource: Readonly<Record<string, string>>,
  spans: readonly RecordedSpan[],
): OtlpResourceSpans => ({
  resource: { attributes: attributesOf(resource) },
  scopeSpans: [{ scope: { name: 'ashlar' }, spans: spans.map(spanOf) }],
});

function spanOf({ trace, parentSpanId, name, kind = 'internal', attributes = {}, ...span }: RecordedSpan): OtlpSpan {
  const { startedAtMs, durationMs, failure, links } = span;
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(startedAtMs),
    endTimeUnixNano: nanos(startedAtMs + durationMs),
    attributes: attributesOf(attributes),
    ...(links && { links: links.map(({ traceId, spanId }) => ({ traceId, spanId })) }),
    status: failure === undefined ? { code: 0 } : { code: 2, message: failure },
  };
}

/** A number of nanoseconds since 1970 is past what a double holds. */
const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n);

const attributesOf = (attributes: Readonly<Record<string, string | number | boolean>>): OtlpAttribute[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: otlpValue(value) }));

function otlpValue(value: string | number | boolean): OtlpValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
