import { jaeger } from './jaeger-json.ts';
import { otlp } from './otlp-json.ts';
import type { SpanReader } from './span-reader.ts';
import { zipkin } from './zipkin-json.ts';

export type Format = 'otlp' | 'jaeger' | 'zipkin';

/** By the words that the first piece of a file contains. */
export function formatOf(text: string): Format | undefined {
  if (/"(resource_?spans|scope_?spans|instrumentation_?library_?spans|batches)"\s*:/i.test(text)) return 'otlp';
  if (/"(operationName|processID|processes)"/.test(text)) return 'jaeger';
  return /"(traceId|localEndpoint)"/.test(text) ? 'zipkin' : undefined;
}

export const FORMATS: Readonly<Record<Format, SpanReader>> = { otlp, jaeger, zipkin };
