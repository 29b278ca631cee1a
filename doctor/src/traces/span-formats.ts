import { jaeger } from './jaeger-json.ts';
import { otlp } from './otlp-json.ts';
import type { SpanReader } from './span-reader.ts';
import { zipkin } from './zipkin-json.ts';

export type Format = 'otlp' | 'jaeger' | 'zipkin';

/** By the words that the first piece of a file contains. */
export function formatOf(text: string): Format | undefined {
  if (/"(resource_?spans|scope_?spans|instrumentation_?library_?spans|batches)"\s*:\s*[[{]/i.test(text)) return 'otlp';
  if (/"(traceID|spanID|processID)"\s*:/.test(text)) return 'jaeger';
  return /"(traceId|localEndpoint)"\s*:/.test(text) ? 'zipkin' : undefined;
}

/** Whether there are only brackets, or an answer with nothing in it. */
export const isWithoutSpans = (text: string): boolean =>
  /^[\s[\]{},]*$|"(data|traces|spans)"\s*:\s*(\[\s*\]|null\b)/.test(text);

export const FORMATS: Readonly<Record<Format, SpanReader>> = { otlp, jaeger, zipkin };
